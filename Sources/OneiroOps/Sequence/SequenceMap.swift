import OneiroGraph

/// SequenceMap, ai.onnx opset 17: https://onnx.ai/onnx/operators/onnx__SequenceMap.html
///
/// The outputs of a graph for each element of the sequence, as sequences. Additional sequences are walked along with
/// it; additional tensors are the same each time.
public enum SequenceMap: Operator {
  public static let schema = OpSchema(
    "SequenceMap", since: 17,
    inputs: [.one("input_sequence", "S"), .variadic("additional_inputs", "V", atLeast: 0, sameType: false)],
    outputs: [.variadic("out_sequence", "O", sameType: false)], attributes: [.required("body", .graph)])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    _ = try node.sequenceElement(0)
    let body = try node.body("body", inputCount: node.inputs.count)
    let elements = node.inputs.map { type -> ValueType? in
      if case .sequence(let element) = type { element } else { type }
    }
    return try node.stated(try node.inferBody(body, elements)).map(ValueType.sequence)
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    let body = try call.body("body", inputCount: call.inputs.count), length = try call.sequence(0).values.count
    var inputs: [Value] = []
    for index in call.inputs.indices {
      let value = try call.value(index)
      if case .sequence(let others, _) = value, others.count != length {
        throw call.fails("input \(index): expected a sequence of \(length), as the first, found \(others.count)")
      }
      inputs.append(value)
    }
    var results = [[Value]](repeating: [], count: body.outputs.count)
    for place in 0..<length {
      let outputs = try call.run(
        body, inputs.map { if case .sequence(let values, _) = $0 { values[place] } else { $0 } })
      for (index, value) in outputs.enumerated() { results[index].append(value) }
    }
    return zip(results, body.outputs).map { values, output in
      let type = values.first?.type ?? output.type ?? .tensor(.float32, nil)
      return .sequence(values, of: type.withoutShape)
    }
  }
}
