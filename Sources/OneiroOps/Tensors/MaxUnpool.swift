import OneiroGraph

/// MaxUnpool, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__MaxUnpool.html
///
/// What MaxPool took, back where its `Indices` say, and 0 elsewhere. The indices count the elements of the shape that
/// the pool's attributes give; a larger `output_shape` adds zeros at the end of the axes.
public enum MaxUnpool: Operator {
  public static let schema = OpSchema(
    "MaxUnpool", since: 22, inputs: [.one("X", "T1"), .one("I", "T2"), .optional("output_shape", "T2")],
    outputs: [.one("output", "T1")],
    attributes: [.required("kernel_shape", .ints), .ints("strides"), .ints("pads")],
    types: ["T1": .floats, "T2": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    guard !node.has(2) else {
      if let dims = node.ints(2) {
        guard Tensor.elementCount(dims) != nil else {
          throw node.fails(2, expected: "extents from 0 up", found: Shape.text(dims))
        }
        return [.tensor(x.elementType, dims: dims)]
      }
      return [.tensor(x.elementType, x.shape.map { .unknown(rank: $0.count) })]
    }
    guard let shape = x.shape else { return [.tensor(x)] }
    if let dims = x.dims {
      return [.tensor(x.elementType, dims: try node.checking(nil, try pooledFrom(dims, node.attributes)))]
    }
    return [.tensor(x.elementType, shape.prefix(2) + [Dimension](repeating: .unknown, count: max(shape.count - 2, 0)))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), places = try call.requiredInts(1)
    let natural = try pooledFrom(x.dims, call.attributes), dims = call.ints(2) ?? natural
    guard places.count == x.count else { throw call.fails("\(places.count) indices for \(x.count) elements") }
    guard dims.count == natural.count, zip(dims, natural).allSatisfy({ $0 >= $1 }) else {
      throw call.fails("output_shape: expected at least \(Shape.text(natural)), found \(Shape.text(dims))")
    }
    let count = try call.elementCount(dims, of: x.elementType),
      naturalCount = try call.elementCount(natural, of: x.elementType)
    let ownStrides = Shape.strides(natural), strides = Shape.strides(dims)
    var source = [Int](repeating: -1, count: count)
    for (element, place) in places.enumerated() {
      guard place >= 0, place < naturalCount else {
        throw call.fails("index \(place) is outside the \(naturalCount) elements of \(Shape.text(natural))")
      }
      var target = 0
      for axis in dims.indices { target += place / ownStrides[axis] % natural[axis] * strides[axis] }
      source[target] = element
    }
    return [x.gathering(source, dims: dims)]
  }

  /// The shape that a pool made into `dims`.
  private static func pooledFrom(_ dims: [Int], _ attributes: NodeAttributes) throws(KernelError) -> [Int] {
    let kernel = attributes.ints("kernel_shape") ?? [], rank = kernel.count
    let strides = attributes.ints("strides") ?? [Int](repeating: 1, count: rank)
    let pads = attributes.ints("pads") ?? [Int](repeating: 0, count: 2 * rank)
    guard dims.count == rank + 2, strides.count == rank, pads.count == 2 * rank else {
      throw KernelError("kernel_shape, strides and pads: expected numbers for \(dims.count - 2) axes, found \(rank)")
    }
    guard (kernel + strides).allSatisfy({ 1...Int(Int32.max) ~= $0 }), pads.allSatisfy({ 0...Int(Int32.max) ~= $0 }),
      dims.allSatisfy({ $0 <= Int(Int32.max) })
    else { throw KernelError("kernel_shape, strides or pads are out of range") }
    var result = Array(dims[..<2])
    for axis in 0..<rank {
      let extent = (dims[axis + 2] - 1) * strides[axis] + kernel[axis] - pads[axis] - pads[rank + axis]
      guard extent >= 0 else { throw KernelError("axis \(axis + 2) would have \(extent) elements") }
      result.append(extent)
    }
    return result
  }
}
