import OneiroGraph

/// Compress, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__Compress.html
///
/// The slices along `axis` whose condition is true, or the elements when there is no axis. A condition that is too
/// short is false for the rest.
public enum Compress: Operator {
  public static let schema = OpSchema(
    "Compress", since: 11, inputs: [.one("input", "T"), .one("condition", "T1")], outputs: [.one("output", "T")],
    attributes: [.int("axis")], types: ["T": .beforeFloat8, "T1": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0)
    let chosen = node.ints(1).map { Dimension.known($0.filter { $0 != 0 }.count) } ?? .unknown
    guard let given = node.attributes.optionalInt("axis") else { return [.tensor(input.elementType, [chosen])] }
    guard var shape = input.shape else { return [.tensor(input)] }
    shape[try node.axis(given, rank: shape.count)] = chosen
    return [.tensor(input.elementType, shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let given = try call.tensor(0)
    let input = call.attributes.has("axis") ? given : given.reshaped([given.count])
    let axis = try call.axis(call.attributes.optionalInt("axis") ?? 0, rank: input.rank)
    let chosen = try call.requiredBools(1).enumerated().filter(\.element).map(\.offset)
    if let last = chosen.last, last >= input.dims[axis] {
      throw call.fails("condition \(last) is true, but axis \(axis) ends at \(input.dims[axis])")
    }
    var dims = input.dims
    dims[axis] = chosen.count
    guard let count = Tensor.elementCount(dims), count > 0 else { return [.empty(input.elementType, dims: dims)] }
    var tables = input.dims.map { Array(0..<$0) }
    tables[axis] = chosen
    return [input.gathering(tables: tables)]
  }
}
