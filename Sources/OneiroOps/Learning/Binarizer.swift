import OneiroGraph

/// Binarizer, ai.onnx.ml opset 1: https://onnx.ai/onnx/operators/onnx_aionnxml_Binarizer.html
///
///     Y = 1 where X > threshold, and 0 elsewhere
public enum Binarizer: Operator {
  public static let schema = OpSchema(
    "Binarizer", domain: Operators.learningDomain, since: 1, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [.float("threshold", default: 0)], types: ["T": ElementTypeSet([.float32, .float64, .int32, .int64])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { [.tensor(try node.tensor(0))] }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), threshold = call.attributes.float("threshold")
    return [Tensor(x.elementType, doubles: x.doubles().map { $0 > threshold ? 1 : 0 }, dims: x.dims)]
  }
}
