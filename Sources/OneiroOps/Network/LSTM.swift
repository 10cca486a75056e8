import OneiroGraph

/// LSTM, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__LSTM.html
///
///     i = f(Wi x + Ri h + Pi * c + bi)       input gate
///     o = f(Wo x + Ro h + Po * c' + bo)      output gate, which peeps at the new cell
///     u = f(Wf x + Rf h + Pf * c + bf)       forget gate, or 1 - i with input_forget
///     c' = u * c + i * g(Wc x + Rc h + bc)
///     h' = o * h(c')
///
/// The gates lie in the order i, o, f, c; P in the order i, o, f.
public enum LSTM: Operator {
  public static let schema = OpSchema(
    "LSTM", since: 22,
    inputs: [
      .one("X", "T"), .one("W", "T"), .one("R", "T"), .optional("B", "T"), .optional("sequence_lens", "T1"),
      .optional("initial_h", "T"), .optional("initial_c", "T"), .optional("P", "T"),
    ],
    outputs: [.optional("Y", "T"), .optional("Y_h", "T"), .optional("Y_c", "T")],
    attributes: [
      .floats("activation_alpha"), .floats("activation_beta"), .optional("activations", .strings), .float("clip"),
      .string("direction", default: "forward"), .int("hidden_size"), .int("input_forget", default: 0),
      .int("layout", default: 0),
    ], types: ["T": .floats, "T1": ElementTypeSet([.int32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let types = try node.recurrent(gates: 4, states: [5, 6])
    if let state = types.state.tensorType?.shape {
      let directions = node.attributes.int("layout") == 1 ? state[1] : state[0]
      _ = try node.agreedShape(7, [directions, state[2].extent.map { .known(3 * $0) } ?? .unknown])
    }
    return [types.y, types.state, types.state]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call), type = try call.tensor(0).elementType
    let recurrence = try Recurrence(call, gates: 4, defaults: ["Sigmoid", "Tanh", "Tanh"])
    let hidden = recurrence.hidden, couplesForget = call.attributes.bool("input_forget")
    let peepholes = call.optionalTensor(7)?.doubles()
    let states = [recurrence.initialState(call, 5), recurrence.initialState(call, 6)]
    let result = try recurrence.run(call, states: states) { direction, projected, state in
      let gates = zip(projected, direction.recurrent(0..<4, state[0])).map { $0 + $1 }
      func peep(_ gate: Int, _ index: Int, at cell: Double) -> Double {
        peepholes.map { $0[(direction.index * 3 + gate) * hidden + index] * cell } ?? 0
      }
      for index in 0..<hidden {
        let old = state[1][index]
        let input = direction.activate(0, gates[index] + peep(0, index, at: old))
        let forget =
          couplesForget ? 1 - input : direction.activate(0, gates[2 * hidden + index] + peep(2, index, at: old))
        let cell = forget * old + input * direction.activate(1, gates[3 * hidden + index])
        let output = direction.activate(0, gates[hidden + index] + peep(1, index, at: cell))
        state[1][index] = cell
        state[0][index] = output * direction.activate(2, cell)
      }
    }
    return [
      Tensor(type, doubles: result.y, dims: dims[0]), Tensor(type, doubles: result.states[0], dims: dims[1]),
      Tensor(type, doubles: result.states[1], dims: dims[2]),
    ]
  }
}
