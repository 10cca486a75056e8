import OneiroGraph

/// Scan, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__Scan.html
///
///     body: (state..., one slice of each scanned input...) -> (state..., one slice of each scanned output...)
///
/// Walks along an axis of the last `num_scan_inputs` inputs, forwards (direction 0) or backwards (1).
public enum Scan: Operator {
  public static let schema = OpSchema(
    "Scan", since: 23, inputs: [.variadic("initial_state_and_scan_inputs", "V", sameType: false)],
    outputs: [.variadic("final_state_and_scan_outputs", "V", sameType: false)],
    attributes: [
      .required("body", .graph), .required("num_scan_inputs", .int), .ints("scan_input_axes"),
      .ints("scan_output_axes"),
      .ints("scan_input_directions"), .ints("scan_output_directions"),
    ])

  private static let sliceLimit = 1 << 31

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let plan = try node.checking(nil, try Plan(node.attributes, inputCount: node.inputs.count))
    var slices: [ValueType?] = [], length = Dimension.unknown
    for (index, given) in plan.inputAxes.enumerated() {
      let input = try node.tensor(plan.stateCount + index)
      guard var shape = input.shape else { slices.append(.tensor(input)); continue }
      let axis = try node.axis(given, rank: shape.count, "attribute scan_input_axes")
      let extent = shape.remove(at: axis)
      guard length.agrees(with: extent) else {
        throw node.fails(
          plan.stateCount + index, expected: "an extent of \(length) at axis \(axis)", found: input.shapeText)
      }
      length = length.merged(with: extent)
      slices.append(.tensor(input.elementType, shape))
    }
    let (states, outputs) = try node.inferRepeated(
      plan.body, before: [], carried: Array(node.inputs.prefix(plan.stateCount)), after: slices, skipping: 0)
    var result = try node.stated(states)
    for (type, given) in zip(try node.stated(outputs), plan.outputAxes) {
      guard let tensor = type.tensorType else { throw node.fails("the body", "gives \(type), which cannot be stacked") }
      guard var shape = tensor.shape else { result.append(type); continue }
      shape.insert(length, at: try node.axis(given, rank: shape.count, "attribute scan_output_axes", inclusive: true))
      result.append(.tensor(tensor.elementType, shape))
    }
    return result
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    let plan = try Plan(call.attributes, inputCount: call.inputs.count), stateCount = plan.stateCount
    var states: [Value] = []
    for index in 0..<stateCount { states.append(try call.value(index)) }
    var scanned: [(tensor: Tensor, axis: Int)] = []
    for (index, axis) in plan.inputAxes.enumerated() {
      let tensor = try call.tensor(stateCount + index)
      scanned.append((tensor, try call.axis(axis, rank: tensor.rank)))
    }
    let lengths = Set(scanned.map { $0.tensor.dims[$0.axis] })
    guard lengths.count == 1, let length = lengths.first else {
      throw call.fails("the scanned inputs are \(lengths.sorted()) long, expected one length")
    }
    guard length <= sliceLimit else {
      throw call.fails("the scanned inputs are longer than \(sliceLimit) slices")
    }
    var stacks = [[Tensor]](repeating: [], count: plan.outputAxes.count)
    for round in 0..<length {
      var inputs = states
      for (index, input) in scanned.enumerated() {
        let place = plan.isInputReversed[index] ? length - 1 - round : round
        inputs.append(.tensor(input.tensor.slice(place, axis: input.axis)))
      }
      let outputs = try call.run(plan.body, inputs)
      states = Array(outputs[..<stateCount])
      for (index, value) in outputs[stateCount...].enumerated() {
        guard let tensor = value.tensor else {
          throw call.fails("the body gave \(value.type), which cannot be stacked")
        }
        stacks[index].append(tensor)
      }
    }
    var results = states.map(Optional.some)
    for (index, stack) in stacks.enumerated() {
      let rounds = plan.isOutputReversed[index] ? stack.reversed() : stack
      let declared = plan.body.outputs[stateCount + index].type
      results.append(.tensor(try Bodies.stack(rounds, axis: plan.outputAxes[index], declared: declared)))
    }
    return results
  }

  /// The attributes, checked against each other and with their defaults.
  private struct Plan {
    let body: Graph
    let stateCount: Int
    let inputAxes: [Int]
    let outputAxes: [Int]
    let isInputReversed: [Bool]
    let isOutputReversed: [Bool]

    init(_ attributes: NodeAttributes, inputCount: Int) throws(KernelError) {
      let scannedCount = attributes.int("num_scan_inputs")
      guard scannedCount > 0, scannedCount <= inputCount else {
        throw KernelError("num_scan_inputs: expected 1 ... \(inputCount), found \(scannedCount)")
      }
      stateCount = inputCount - scannedCount
      body = try Bodies.graph(attributes, "body", inputCount, stateCount)
      func list(_ name: String, count: Int) throws(KernelError) -> [Int] {
        let list = attributes.ints(name) ?? [Int](repeating: 0, count: count)
        guard list.count == count else { throw KernelError("\(name): expected \(count) numbers, found \(list.count)") }
        return list
      }
      let stackedCount = body.outputs.count - stateCount
      inputAxes = try list("scan_input_axes", count: scannedCount)
      outputAxes = try list("scan_output_axes", count: stackedCount)
      isInputReversed = try list("scan_input_directions", count: scannedCount).map { $0 != 0 }
      isOutputReversed = try list("scan_output_directions", count: stackedCount).map { $0 != 0 }
    }
  }
}

extension Tensor {
  /// What stands at `place` of `axis`, without that axis.
  func slice(_ place: Int, axis: Int) -> Tensor {
    var rest = dims, strides = Shape.strides(dims)
    rest.remove(at: axis)
    let offset = place &* strides.remove(at: axis)
    return strided(dims: rest, strides: strides, offset: offset)
  }
}
