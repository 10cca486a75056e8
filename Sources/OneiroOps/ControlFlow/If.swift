import OneiroGraph

/// If, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__If.html
///
/// The outputs of one of two graphs without inputs, which see the values around them.
public enum If: Operator {
  public static let schema = OpSchema(
    "If", since: 23, inputs: [.one("cond", "B")], outputs: [.variadic("outputs", "V", sameType: false)],
    attributes: [.required("then_branch", .graph), .required("else_branch", .graph)], types: ["B": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let condition = node.ints(0)
    if let condition, condition.count != 1 {
      throw node.fails(0, expected: "one bool", found: "\(condition.count) elements")
    }
    let thenTypes = condition == [0] ? nil : try types(node, "then_branch")
    let elseTypes = condition == [1] ? nil : try types(node, "else_branch")
    guard let thenTypes, let elseTypes else { return try node.stated(thenTypes ?? elseTypes ?? []) }
    guard thenTypes.count == elseTypes.count else {
      throw node.fails("the branches", "have \(thenTypes.count) and \(elseTypes.count) outputs")
    }
    var merged: [ValueType?] = []
    for (index, (first, second)) in zip(thenTypes, elseTypes).enumerated() {
      guard let first, let second else { merged.append((first ?? second)?.withoutShape); continue }
      guard let both = first.merged(with: second) else {
        throw node.fails("output \(index)", "is \(first) from one branch and \(second) from the other")
      }
      merged.append(both)
    }
    return try node.stated(merged)
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    let name = try call.condition(try call.value(0)) ? "then_branch" : "else_branch"
    return try call.run(try call.body(name, inputCount: 0, atLeastOutputs: call.node.outputs.count), [])
  }

  private static func types(_ node: InferenceContext, _ name: String) throws(GraphError) -> [ValueType?] {
    try node.inferBody(try node.body(name, inputCount: 0, atLeastOutputs: node.node.outputs.count), [])
  }
}
