import COnnx
import OneiroGraph

extension MessageReader {
  /// - Returns: `nil` when the message says nothing, as in value infos that only carry a name.
  func type(_ message: UnsafePointer<Onnx__TypeProto>?, _ what: String) throws(GraphError) -> ValueType? {
    guard let message = message?.pointee else { return nil }
    switch message.value_case {
    case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
      guard let tensor = message.tensor_type?.pointee else { return nil }
      // Some exporters leave the element type of inner values undefined: nothing is known then.
      guard tensor.elem_type != 0 else { return nil }
      return .tensor(try elementType(tensor.elem_type, "type of \(what)"), try shape(tensor.shape, what))
    case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
      guard let tensor = message.sparse_tensor_type?.pointee, tensor.elem_type != 0 else { return nil }
      return .sparseTensor(
        TensorType(try elementType(tensor.elem_type, "type of \(what)"), try shape(tensor.shape, what)))
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
      return try type(message.sequence_type?.pointee.elem_type, what).map(ValueType.sequence)
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
      return try type(message.optional_type?.pointee.elem_type, what).map(ValueType.optional)
    case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
      guard let map = message.map_type?.pointee, let value = try type(map.value_type, what) else { return nil }
      return .map(key: try elementType(map.key_type, "key type of \(what)"), value: value)
    case ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE:
      throw .invalid(what, "has an opaque type, of which nothing can be known")
    default: return nil
    }
  }

  private func shape(_ message: UnsafePointer<Onnx__TensorShapeProto>?, _ what: String) throws(GraphError)
    -> [Dimension]?
  {
    guard let message = message?.pointee else { return nil }
    return try messages(message.n_dim, message.dim).map { (dimension) throws(GraphError) in
      switch dimension.pointee.value_case {
      case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE:
        let extent = Int(dimension.pointee.dim_value)
        // Older exporters write -1 for an extent that varies.
        guard extent >= -1 else {
          throw .mismatch("shape of \(what)", expected: "extents from 0 up", found: "\(extent)")
        }
        return extent == -1 ? .unknown : .known(extent)
      case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM:
        let name = try text(dimension.pointee.dim_param, "shape of \(what)")
        return name.isEmpty ? .unknown : .symbol(name)
      default: return .unknown
      }
    }
  }

  func valueInfo(_ message: Onnx__ValueInfoProto, _ what: String) throws(GraphError) -> ValueInfo {
    let name = try text(message.name, "name of \(what)")
    return ValueInfo(
      name, try type(message.type, "\(what) \"\(name)\""),
      docString: try text(message.doc_string, "doc string of \(what) \"\(name)\""))
  }
}
