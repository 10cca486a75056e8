import OneiroGraph

/// Loop, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__Loop.html
///
///     body: (iteration, condition, carried...) -> (condition, carried..., stacked...)
///
/// Runs at most `M` times, while the condition is true; either may be left out. The outputs are the carried values at
/// the end, and what each round gave for the others, stacked along a new first axis.
public enum Loop: Operator {
  public static let schema = OpSchema(
    "Loop", since: 23,
    inputs: [.optional("M", "I"), .optional("cond", "B"), .variadic("v_initial", "V", atLeast: 0, sameType: false)],
    outputs: [.variadic("v_final_and_scan_outputs", "V", sameType: false)], attributes: [.required("body", .graph)],
    types: ["I": .int64, "B": .bool])

  /// Rounds after which a loop is taken for one without an end: its condition may never become false.
  static let roundLimit = 1 << 20

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let initial = Array(node.inputs.dropFirst(2))
    let body = try node.body("body", inputCount: initial.count + 2, atLeastOutputs: initial.count + 1)
    let counters: [ValueType?] = [
      .tensor(.int64, dims: scalarDims(body.inputs[0])), .tensor(.bool, dims: scalarDims(body.inputs[1])),
    ]
    let (carried, stacked) = try node.inferRepeated(body, before: counters, carried: initial, skipping: 1)
    return try node.stated(carried) + stacks(try node.stated(stacked), node)
  }

  private static func stacks(_ types: [ValueType], _ node: InferenceContext) throws(GraphError) -> [ValueType] {
    // How many rounds there are is known beforehand only when there are none.
    let rounds: Dimension =
      node.ints(0).map { $0.first ?? 0 <= 0 } == true || node.ints(1) == [0] ? .known(0) : .unknown
    var result: [ValueType] = []
    for type in types {
      guard let tensor = type.tensorType else { throw node.fails("the body", "gives \(type), which cannot be stacked") }
      result.append(.tensor(tensor.elementType, tensor.shape.map { [rounds] + $0 }))
    }
    return result
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    let carriedCount = max(call.inputs.count - 2, 0)
    let body = try call.body("body", inputCount: carriedCount + 2, atLeastOutputs: carriedCount + 1)
    let rounds = try call.scalarInt(0)
    var condition = call.has(1) ? try call.value(1) : .tensor(Tensor([true], dims: scalarDims(body.inputs[1])))
    var carried: [Value] = []
    for index in 0..<carriedCount { carried.append(try call.value(index + 2)) }
    var stacks = [[Tensor]](repeating: [], count: body.outputs.count - 1 - carriedCount)
    let counterDims = scalarDims(body.inputs[0])
    var round = 0
    while round < rounds ?? .max {
      guard try call.condition(condition) else { break }
      guard round < roundLimit else { throw call.fails("the loop did not end within \(roundLimit) rounds") }
      let outputs = try call.run(body, [.tensor(Tensor([Int64(round)], dims: counterDims)), condition] + carried)
      condition = outputs[0]
      carried = Array(outputs[1..<(1 + carriedCount)])
      for (index, value) in outputs[(1 + carriedCount)...].enumerated() {
        guard let tensor = value.tensor else {
          throw call.fails("the body gave \(value.type), which cannot be stacked")
        }
        stacks[index].append(tensor)
      }
      round += 1
    }
    var results = carried.map(Optional.some)
    for (index, stack) in stacks.enumerated() {
      let declared = body.outputs[1 + carriedCount + index].type
      results.append(.tensor(try Bodies.stack(stack, axis: 0, declared: declared)))
    }
    return results
  }

  /// The counter and the condition are scalars, but some exporters declare them with one axis of extent 1.
  private static func scalarDims(_ input: ValueInfo) -> [Int] { input.type?.tensorType?.shape?.count == 1 ? [1] : [] }
}
