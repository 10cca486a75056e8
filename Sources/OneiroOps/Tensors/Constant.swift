import OneiroGraph

/// Constant, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__Constant.html
///
/// Exactly one of the attributes holds the value.
public enum Constant: Operator {
  public static let schema = OpSchema(
    "Constant", since: 23, inputs: [], outputs: [.one("output", "T")],
    attributes: [
      .optional("value", .tensor), .optional("sparse_value", .sparseTensor), .float("value_float"),
      .floats("value_floats"),
      .int("value_int"), .ints("value_ints"), .string("value_string"), .optional("value_strings", .strings),
    ],
    types: ["T": .all])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let value = try node.checking(nil, try attribute(node.attributes))
    if case .sparseTensor(let sparse) = value { return [.tensor(sparse.values.elementType, dims: sparse.dims)] }
    let tensor = try node.checking(nil, try dense(value))
    return [.tensor(tensor.elementType, dims: tensor.dims)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let value = try attribute(call.attributes)
    if case .sparseTensor(let sparse) = value { return [try expand(sparse, call)] }
    return [try dense(value)]
  }

  private static func attribute(_ attributes: NodeAttributes) throws(KernelError) -> Attribute {
    let given = schema.attributes.compactMap { attributes[$0.name] }
    guard given.count == 1 else {
      throw KernelError("expected one attribute that holds the value, found \(given.count)")
    }
    return given[0]
  }

  private static func dense(_ value: Attribute) throws(KernelError) -> Tensor {
    switch value {
    case .tensor(let tensor): return tensor
    case .float(let element): return Tensor(scalar: element)
    case .floats(let elements): return Tensor(elements, dims: [elements.count])
    case .int(let element): return Tensor(scalar: element)
    case .ints(let elements): return Tensor(elements, dims: [elements.count])
    case .string(let bytes): return Tensor(strings: [String(decoding: bytes, as: UTF8.self)], dims: [])
    case .strings(let all):
      return Tensor(strings: all.map { String(decoding: $0, as: UTF8.self) }, dims: [all.count])
    default: throw KernelError("an attribute of kind \(value.kind) holds no constant")
    }
  }

  private static func expand(_ sparse: SparseTensor, _ call: KernelCall) throws(KernelError) -> Tensor {
    let count = try call.elementCount(sparse.dims, of: sparse.values.elementType)
    let coordinates = sparse.indices.int64s().map(Int.init)
    let nonZeros = sparse.values.count
    // [NNZ] counts elements of the flattened tensor; [NNZ, rank] holds one coordinate for each axis.
    let isLinear = sparse.indices.rank == 1
    guard coordinates.count == nonZeros * (isLinear ? 1 : sparse.dims.count) else {
      throw call.fails(
        "sparse_value: \(nonZeros) values do not go with indices of shape \(Shape.text(sparse.indices.dims))")
    }
    let dims = isLinear ? [count] : sparse.dims
    let strides = Shape.strides(dims)
    var source = [Int](repeating: -1, count: count)
    for position in 0..<nonZeros {
      var offset = 0
      for axis in dims.indices {
        let coordinate = coordinates[position * dims.count + axis]
        guard coordinate >= 0, coordinate < dims[axis] else {
          throw call.fails("sparse_value: index \(coordinate) is outside 0 ..< \(dims[axis])")
        }
        offset += coordinate * strides[axis]
      }
      source[offset] = position
    }
    return sparse.values.gathering(source, dims: sparse.dims)
  }
}
