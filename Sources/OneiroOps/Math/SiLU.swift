import Glibc
import OneiroGraph

/// SiLU, ai.oneiro opset 1.
///
///     Y = X * Sigmoid(X)     one walk over memory instead of two
public enum SiLU: Operator {
  public static let schema = OpSchema(
    "SiLU", domain: Model.oneiroDomain, since: 1, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { [.tensor(try node.tensor(0))] }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { $0 / (1 + exp(-$0)) }
  }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    let type = ValueType.tensor(try node.tensor(0))
    return Graph(
      "SiLU", inputs: [ValueInfo("X", type)], outputs: [ValueInfo("Y", type)],
      nodes: [
        Node("Sigmoid", inputs: ["X"], outputs: ["sigmoid"]),
        Node("Mul", inputs: ["X", "sigmoid"], outputs: ["Y"]),
      ])
  }
}
