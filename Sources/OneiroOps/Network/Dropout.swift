import OneiroGraph

/// Dropout, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Dropout.html
///
/// The identity, unless training_mode is true: then each element becomes zero with probability `ratio`, and the others
/// are scaled by 1 / (1 - ratio). The mask is true where an element was kept.
public enum Dropout: Operator {
  private static let types = ElementTypeSet.floats.union(
    ElementTypeSet([.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz]))

  public static let schema = OpSchema(
    "Dropout", since: 22, inputs: [.one("data", "T"), .optional("ratio", "T1"), .optional("training_mode", "T2")],
    outputs: [.one("output", "T"), .optional("mask", "T2")], attributes: [.int("seed")],
    types: ["T": types, "T1": types, "T2": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0)
    return [.tensor(data), .tensor(.bool, data.shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let data = try call.tensor(0)
    let ratio = call.optionalTensor(1)?.doubles().first ?? 0.5
    guard call.optionalTensor(2)?.int64s().first == 1, ratio != 0 else {
      return [data, Tensor([Bool](repeating: true, count: data.count), dims: dims)]
    }
    guard ratio > 0, ratio < 1 else { throw call.fails("ratio: expected 0 ..< 1, found \(ratio)") }
    let kept = (0..<data.count).map { _ in call.random() >= ratio }
    let output = zip(data.doubles(), kept).map { $1 ? $0 / (1 - ratio) : 0 }
    return [Tensor(data.elementType, doubles: output, dims: dims), Tensor(kept, dims: dims)]
  }
}
