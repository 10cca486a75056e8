import OneiroGraph
import OneiroOps
import Testing

/// Bodies are graphs whose meaning the tests supply: what a body computes is the runtime's business.
@Suite struct ControlFlow {
  private let scalar = ValueType.tensor(.int64, dims: [])
  private let bool = ValueType.tensor(.bool, dims: [])

  private func graph(_ inputs: [ValueType], _ outputs: [ValueType]) -> Graph {
    Graph(
      "body", inputs: inputs.enumerated().map { ValueInfo("i\($0)", $1) },
      outputs: outputs.enumerated().map { ValueInfo("o\($0)", $1) })
  }

  /// A loop that adds its counter to a number, and ends itself after counter `last`.
  private func sum(trips: Int64?, start: Bool?, last: Int64 = .max) -> OneNode {
    var node = OneNode(
      Loop.self, [trips.map { ints([$0], []) }, start.map { Tensor(scalar: $0) }, ints([10], [])],
      ["body": .graph(graph([scalar, bool, scalar], [bool, scalar, scalar]))], outputCount: 2)
    node.runBody = { (_, inputs) throws(KernelError) in
      let counter = inputs[0].tensor?.int64s()[0] ?? 0, total = inputs[2].tensor?.int64s()[0] ?? 0
      return [.tensor(Tensor(scalar: counter < last)), .tensor(Tensor(scalar: total + counter)), inputs[0]]
    }
    return node
  }

  @Test(
    "A loop ends by its count or by its condition",
    arguments: [
      (Int64(3), nil as Bool?, Int64.max, [Int64(0), 1, 2]), (nil, true, 1, [0, 1]), (5, true, 2, [0, 1, 2]),
      (5, false, 2, []), (-1, true, 2, []),
    ] as [(Int64?, Bool?, Int64, [Int64])])
  func loops(_ trips: Int64?, _ start: Bool?, _ last: Int64, _ counters: [Int64]) throws {
    let outputs = try sum(trips: trips, start: start, last: last).run().compactMap { $0?.tensor }
    #expect(outputs[0].int64s() == [10 + counters.reduce(0, +)])
    #expect(outputs[1].int64s() == counters)
    #expect(outputs[1].dims == [counters.count])
  }

  @Test("The types of a loop: carried as the body has it, stacked with a new axis")
  func loopTypes() throws {
    #expect(try sum(trips: 3, start: true).infer() == [scalar, .tensor(.int64, [.unknown])])
  }

  @Test("A loop may start with an optional and carry on with what takes its place")
  func optionalCarried() throws {
    let sequence = ValueType.sequence(.tensor(.float32, nil))
    let body = graph([scalar, bool, .optional(sequence)], [bool, sequence])
    let node = Node("Loop", inputs: ["m", "", "start"], outputs: ["end"], attributes: ["body": .graph(body)])
    let context = InferenceContext(
      node: node, schema: Loop.schema, inputs: [scalar, nil, .optional(sequence)], values: [nil, nil, nil],
      inferBody: { (body, _) throws(GraphError) in body.outputs.map(\.type) })
    #expect(try Loop.infer(context) == [.optional(sequence)])
  }

  @Test("A body with the wrong inputs is refused")
  func wrongBody() {
    let node = OneNode(Loop.self, [ints([1], []), nil], ["body": .graph(graph([scalar], [bool]))], outputCount: 0)
    #expect(throws: GraphError.self) { try node.infer() }
    #expect(throws: KernelError.self) { try node.run() }
  }

  @Test("If runs the branch that the condition picks, and infers what both have in common")
  func branches() throws {
    let branches: [String: Attribute] = [
      "then_branch": .graph(graph([], [.tensor(.float32, dims: [2, 3])])),
      "else_branch": .graph(graph([], [.tensor(.float32, dims: [2, 4])])),
    ]
    var node = OneNode(If.self, [Tensor(scalar: false)], branches)
    node.runBody = { (body, _) throws(KernelError) in
      [.tensor(body.outputs[0].type == .tensor(.float32, dims: [2, 4]) ? counting(2, 4) : counting(2, 3))]
    }
    #expect(try node.tensors()[0].dims == [2, 4])
    #expect(try node.infer(knowsValues: false) == [.tensor(.float32, [.known(2), .unknown])])
    node.inputs = [.tensor(Tensor([true, false], dims: [2]))]
    #expect(throws: KernelError.self) { try node.run() }
  }

  @Test("A scan walks backwards where it is told to")
  func scan() throws {
    let row = ValueType.tensor(.float32, dims: [2])
    var node = OneNode(
      Scan.self, [counting(2, 3)],
      [
        "body": .graph(graph([row], [row])), "num_scan_inputs": .int(1), "scan_input_axes": .ints([1]),
        "scan_input_directions": .ints([1]),
      ])
    node.runBody = { (_, inputs) throws(KernelError) in inputs }
    let output = try node.tensors()[0]
    #expect(output.dims == [3, 2])
    #expect(output.doubles() == [2, 5, 1, 4, 0, 3])
  }
}
