import OneiroGraph

/// RNN, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__RNN.html
///
///     h = f(W x + R h + Wb + Rb)
public enum RNN: Operator {
  public static let schema = OpSchema(
    "RNN", since: 22,
    inputs: [
      .one("X", "T"), .one("W", "T"), .one("R", "T"), .optional("B", "T"), .optional("sequence_lens", "T1"),
      .optional("initial_h", "T"),
    ],
    outputs: [.optional("Y", "T"), .optional("Y_h", "T")],
    attributes: [
      .floats("activation_alpha"), .floats("activation_beta"), .optional("activations", .strings), .float("clip"),
      .string("direction", default: "forward"), .int("hidden_size"), .int("layout", default: 0),
    ], types: ["T": .floats, "T1": ElementTypeSet([.int32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let types = try node.recurrent(gates: 1, states: [5])
    return [types.y, types.state]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call), type = try call.tensor(0).elementType
    let recurrence = try Recurrence(call, gates: 1, defaults: ["Tanh"])
    let result = try recurrence.run(call, states: [recurrence.initialState(call, 5)]) { direction, projected, state in
      let recurrent = direction.recurrent(0..<1, state[0])
      for index in projected.indices { state[0][index] = direction.activate(0, projected[index] + recurrent[index]) }
    }
    return [Tensor(type, doubles: result.y, dims: dims[0]), Tensor(type, doubles: result.states[0], dims: dims[1])]
  }
}
