import OneiroGraph

/// EyeLike, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__EyeLike.html
///
///     output[i, i + k] = 1, zero elsewhere     in the shape of the input, a matrix
public enum EyeLike: Operator {
  private static let supported = ElementTypeSet.numeric.union(.bool)

  public static let schema = OpSchema(
    "EyeLike", since: 22, inputs: [.one("input", "T1")], outputs: [.one("output", "T2")],
    attributes: [.int("dtype"), .int("k", default: 0)], types: ["T1": supported, "T2": supported])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0)
    if let shape = input.shape, shape.count != 2 {
      throw node.fails(0, expected: "rank 2", found: "rank \(shape.count)")
    }
    let type =
      node.attributes.has("dtype") ? try node.elementType(attribute: "dtype", of: supported) : input.elementType
    return [.tensor(type, input.shape ?? [.unknown, .unknown])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let input = try call.tensor(0)
    guard input.rank == 2 else { throw call.fails("expected rank 2, found \(input.rank)") }
    let type = call.attributes.has("dtype") ? try call.elementType(attribute: "dtype") : input.elementType
    guard supported.contains(type) else { throw call.fails("attribute dtype: cannot be \(type.name)") }
    let k = call.attributes.int("k"), rows = input.dims[0], columns = input.dims[1]
    var ones = [Int64](repeating: 0, count: input.count)
    // A diagonal past the corners has no elements.
    if k > -rows && k < columns {
      for row in max(0, -k)..<max(max(0, -k), min(rows, columns - k)) { ones[row * columns + row + k] = 1 }
    }
    return [Tensor(type, int64s: ones, dims: input.dims)]
  }
}
