import OneiroGraph

/// GRU, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__GRU.html
///
///     z = f(Wz x + Rz h + bz)                          update gate
///     r = f(Wr x + Rr h + br)                          reset gate
///     n = g(Wh x + Wbh + Rh (r * h) + Rbh)             or with linear_before_reset g(Wh x + Wbh + r * (Rh h + Rbh))
///     h = (1 - z) * n + z * h
///
/// The gates lie in the order z, r, h.
public enum GRU: Operator {
  public static let schema = OpSchema(
    "GRU", since: 22,
    inputs: [
      .one("X", "T"), .one("W", "T"), .one("R", "T"), .optional("B", "T"), .optional("sequence_lens", "T1"),
      .optional("initial_h", "T"),
    ],
    outputs: [.optional("Y", "T"), .optional("Y_h", "T")],
    attributes: [
      .floats("activation_alpha"), .floats("activation_beta"), .optional("activations", .strings), .float("clip"),
      .string("direction", default: "forward"), .int("hidden_size"), .int("layout", default: 0),
      .int("linear_before_reset", default: 0),
    ], types: ["T": .floats, "T1": ElementTypeSet([.int32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let types = try node.recurrent(gates: 3, states: [5])
    return [types.y, types.state]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call), type = try call.tensor(0).elementType
    let recurrence = try Recurrence(call, gates: 3, defaults: ["Sigmoid", "Tanh"])
    let hidden = recurrence.hidden, isLinearFirst = call.attributes.bool("linear_before_reset")
    let result = try recurrence.run(call, states: [recurrence.initialState(call, 5)]) { direction, projected, state in
      let h = state[0], gates = direction.recurrent(0..<2, h)
      let reset = (0..<hidden).map { direction.activate(0, projected[hidden + $0] + gates[hidden + $0]) }
      let candidate = direction.recurrent(2..<3, isLinearFirst ? h : zip(reset, h).map { $0 * $1 })
      for index in 0..<hidden {
        let update = direction.activate(0, projected[index] + gates[index])
        let new = direction.activate(
          1, projected[2 * hidden + index] + candidate[index] * (isLinearFirst ? reset[index] : 1))
        state[0][index] = (1 - update) * new + update * h[index]
      }
    }
    return [Tensor(type, doubles: result.y, dims: dims[0]), Tensor(type, doubles: result.states[0], dims: dims[1])]
  }
}
