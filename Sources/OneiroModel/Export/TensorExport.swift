import COnnx
import OneiroGraph

extension MessageBuilder {
  /// Elements as raw data, which points to the tensor's own memory; strings in their field.
  func tensor(
    _ tensor: Tensor, name: String = "", place: ExternalDataWriter.Place? = nil
  ) -> UnsafeMutablePointer<Onnx__TensorProto> {
    let message = arena.make(onnx__tensor_proto__init)
    message.pointee.name = arena.optionalText(name)
    message.pointee.has_data_type = 1
    message.pointee.data_type = tensor.elementType.rawValue
    message.pointee.n_dims = tensor.rank
    message.pointee.dims = arena.list(tensor.dims.map(Int64.init))
    if let place {
      message.pointee.has_data_location = 1
      message.pointee.data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL
      let entries = [("location", place.location), ("offset", "\(place.offset)"), ("length", "\(place.length)")]
      message.pointee.n_external_data = entries.count
      message.pointee.external_data = arena.entries(entries)
      return message
    }
    switch tensor.contents {
    case .bytes, .narrow:
      // The tensor owns its widened elements too.
      guard let storage = tensor.storage else { break }
      message.pointee.has_raw_data = 1
      // protobuf-c only reads it.
      let data = UnsafeMutableRawPointer(mutating: storage.base).assumingMemoryBound(to: UInt8.self)
      message.pointee.raw_data = ProtobufCBinaryData(len: storage.byteCount, data: data)
    case .strings(let strings):
      message.pointee.n_string_data = strings.count
      message.pointee.string_data = arena.list(strings.map { arena.bytes(Array($0.utf8)) })
    }
    return message
  }

  func sparseTensor(_ sparse: SparseTensor, name: String = "") -> UnsafeMutablePointer<Onnx__SparseTensorProto> {
    let message = arena.make(onnx__sparse_tensor_proto__init)
    message.pointee.values = tensor(sparse.values, name: name)
    message.pointee.indices = tensor(sparse.indices)
    message.pointee.n_dims = sparse.dims.count
    message.pointee.dims = arena.list(sparse.dims.map(Int64.init))
    return message
  }
}
