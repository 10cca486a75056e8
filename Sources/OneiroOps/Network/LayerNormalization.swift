import OneiroGraph

/// LayerNormalization, ai.onnx opset 17: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
///
///     Y = (X - mean(X)) / sqrt(variance(X) + epsilon) * Scale + B     over the axes [axis, rank)
public enum LayerNormalization: Operator {
  public static let schema = OpSchema(
    "LayerNormalization", since: 17, inputs: [.one("X", "T"), .one("Scale", "T"), .optional("B", "T")],
    outputs: [.one("Y", "T"), .optional("Mean", "U"), .optional("InvStdDev", "U")],
    attributes: [.int("axis", default: -1), .float("epsilon", default: 1e-5), .int("stash_type", default: 1)],
    types: ["T": .floats, "U": ElementTypeSet([.float32, .bfloat16])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    guard let shape = x.shape else { return [.tensor(x), .tensor(.float32, nil), .tensor(.float32, nil)] }
    let axis = try node.axis("axis", rank: shape.count)
    let statistics = shape[..<axis] + [Dimension](repeating: .known(1), count: shape.count - axis)
    return [.tensor(x), .tensor(.float32, Array(statistics)), .tensor(.float32, Array(statistics))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0)
    let axis = try call.axis(call.attributes.int("axis"), rank: x.rank)
    let normalized = Array(x.dims[axis...])
    let scale = try spread(try call.tensor(1), over: normalized, call)
    let bias = try call.optionalTensor(2).map { (b) throws(KernelError) in try spread(b, over: normalized, call) }
    let width = normalized.reduce(1, *), rows = x.dims[..<axis].reduce(1, *)
    let input = x.doubles()
    var output = input, means: [Double] = [], inverses: [Double] = []
    for row in 0..<rows {
      let range = row * width..<(row + 1) * width
      let mean = input[range].reduce(0, +) / Double(width)
      let variance = input[range].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      let inverse = 1 / (variance + call.attributes.float("epsilon")).squareRoot()
      for (column, index) in range.enumerated() {
        output[index] = (input[index] - mean) * inverse * scale[column] + (bias?[column] ?? 0)
      }
      means.append(mean)
      inverses.append(inverse)
    }
    let statistics = Array(x.dims[..<axis]) + [Int](repeating: 1, count: normalized.count)
    return [
      Tensor(x.elementType, doubles: output, dims: x.dims),
      Tensor(.float32, doubles: means, dims: statistics), Tensor(.float32, doubles: inverses, dims: statistics),
    ]
  }

  private static func spread(_ tensor: Tensor, over dims: [Int], _ call: KernelCall) throws(KernelError) -> [Double] {
    guard Shape.broadcast([tensor.dims, dims]) == dims else {
      throw call.fails("shape \(Shape.text(tensor.dims)) does not broadcast to the normalized axes \(Shape.text(dims))")
    }
    return tensor.broadcast(to: dims).doubles()
  }
}
