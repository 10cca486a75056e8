import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Weights of 8 and 4 bits in sessions") struct WeightQuantizedTests {
  private static let blocks: [String: Attribute] = ["axis": .int(0), "block_size": .int(32)]

  /// y = Relu(x W + b + x), W dequantized.
  private static func product(_ operands: [String: Tensor], _ attributes: [String: Attribute]) -> Graph {
    graph(
      [2, 3, 160], operands,
      [
        Node("DequantizeLinear", inputs: ["q", "s"], outputs: ["w"], attributes: attributes),
        Node("MatMul", inputs: ["x", "w"], outputs: ["m"]), Node("Add", inputs: ["m", "b"], outputs: ["a"]),
        Node("Add", inputs: ["a", "x"], outputs: ["r"]), Node("Relu", inputs: ["r"], outputs: ["y"]),
      ])
  }

  private static func graph(_ x: [Int], _ operands: [String: Tensor], _ nodes: [Node]) -> Graph {
    var graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(.float32, dims: x))], outputs: [ValueInfo("y", nil)], nodes: nodes)
    for (name, tensor) in operands { graph.addInitializer(name, tensor) }
    return graph
  }

  private static let examples: [(name: String, graph: Graph, operators: [String])] = [
    (
      "int8",
      product(
        [
          "q": .randomInts(.int8, [160, 160], -127...127), "s": .random([160], 0.001...0.01),
          "b": .random([160]),
        ], ["axis": .int(1)]), ["WeightQuantizedGemm"]
    ),
    (
      "int4 in blocks, scales in float16",
      product(
        [
          "q": .randomInts(.int4, [160, 160], -8...7),
          "s": Tensor(
            .float16, doubles: Tensor.random([5, 160], 0.001...0.01).doubles(), dims: [5, 160]
          ).widening(), "b": .random([160]),
        ], blocks), ["WeightQuantizedGemm"]
    ),
    (
      "a convolution",
      graph(
        [1, 48, 6, 6],
        ["q": .randomInts(.int8, [48, 48, 3, 3], -127...127), "s": .random([48], 0.001...0.01), "b": .random([48])],
        [
          Node("DequantizeLinear", inputs: ["q", "s"], outputs: ["w"], attributes: ["axis": .int(0)]),
          Node("Conv", inputs: ["x", "w", "b"], outputs: ["c"], attributes: ["pads": .ints([1, 1, 1, 1])]),
          Node("Add", inputs: ["x", "c"], outputs: ["r"]), Node("Sigmoid", inputs: ["r"], outputs: ["y"]),
        ]), ["WeightQuantizedConv"]
    ),
    (
      "weights that are small",
      graph(
        [3, 16], ["q": .randomInts(.int8, [16, 16]), "s": .random([16], 0.1...1)],
        [
          Node("DequantizeLinear", inputs: ["q", "s"], outputs: ["w"], attributes: ["axis": .int(1)]),
          Node("MatMul", inputs: ["x", "w"], outputs: ["y"]),
        ]), ["MatMul"]
    ),
  ]

  @Test("They stay as they are in the file, and mean the same", arguments: examples.indices, ["onednn", "vector"])
  func stay(index: Int, backend: String) throws {
    let (name, graph, operators) = Self.examples[index]
    let dims = try #require(graph.inputs[0].type?.tensorType?.dims), x = Tensor.random(dims, seed: 9)
    let type = TensorType(.float32, dims: dims)
    let plan = try Planner(backend: try Backend(backend), threads: 2).plan(graph, inputs: ["x": type])
    #expect(plan.steps.map(\.node.opType).filter { $0 != "Reshape" } == operators, "\(name)")
    #expect(plan.constants.allSatisfy { $0.storedByteCount <= 160 * 160 }, "\(name)")
    var session = try Session(plan)
    let found = try session.run(["x": x])
    var judge = try Session(try Planner(backend: .reference, threads: 1).plan(graph, inputs: ["x": type]))
    let difference = Agreement(tolerance: 2e-5).difference(expected: try judge.run(["x": x]), found: found)
    #expect(difference == nil, "\(name): \(difference ?? "")")
  }
}
