import COnnx
import OneiroGraph

extension MessageBuilder {
  func type(_ type: ValueType) -> UnsafeMutablePointer<Onnx__TypeProto> {
    let message = arena.make(onnx__type_proto__init)
    switch type {
    case .tensor(let tensor):
      message.pointee.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
      message.pointee.tensor_type = arena.make(onnx__type_proto__tensor__init)
      message.pointee.tensor_type.pointee.has_elem_type = 1
      message.pointee.tensor_type.pointee.elem_type = tensor.elementType.rawValue
      message.pointee.tensor_type.pointee.shape = tensor.shape.map(shape)
    case .sparseTensor(let tensor):
      message.pointee.value_case = ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE
      message.pointee.sparse_tensor_type = arena.make(onnx__type_proto__sparse_tensor__init)
      message.pointee.sparse_tensor_type.pointee.has_elem_type = 1
      message.pointee.sparse_tensor_type.pointee.elem_type = tensor.elementType.rawValue
      message.pointee.sparse_tensor_type.pointee.shape = tensor.shape.map(shape)
    case .sequence(let element):
      message.pointee.value_case = ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE
      message.pointee.sequence_type = arena.make(onnx__type_proto__sequence__init)
      message.pointee.sequence_type.pointee.elem_type = self.type(element)
    case .optional(let element):
      message.pointee.value_case = ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE
      message.pointee.optional_type = arena.make(onnx__type_proto__optional__init)
      message.pointee.optional_type.pointee.elem_type = self.type(element)
    case .map(let key, let value):
      message.pointee.value_case = ONNX__TYPE_PROTO__VALUE_MAP_TYPE
      message.pointee.map_type = arena.make(onnx__type_proto__map__init)
      message.pointee.map_type.pointee.has_key_type = 1
      message.pointee.map_type.pointee.key_type = key.rawValue
      message.pointee.map_type.pointee.value_type = self.type(value)
    }
    return message
  }

  private func shape(_ dimensions: [Dimension]) -> UnsafeMutablePointer<Onnx__TensorShapeProto> {
    let message = arena.make(onnx__tensor_shape_proto__init)
    message.pointee.n_dim = dimensions.count
    message.pointee.dim = arena.references(
      dimensions.map { dimension in
        let message = arena.make(onnx__tensor_shape_proto__dimension__init)
        switch dimension {
        case .known(let extent):
          message.pointee.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
          message.pointee.dim_value = Int64(extent)
        case .symbol(let name):
          message.pointee.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
          message.pointee.dim_param = arena.text(name)
        case .unknown: break
        }
        return message
      })
    return message
  }
}
