import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Plans are held to an amount of memory") struct MemoryBudgetTests {
  /// Two products with weights that kernels pack.
  private static let graph: Graph = {
    var graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(.float32, dims: [3, 256]))], outputs: [ValueInfo("y", nil)],
      nodes: [
        Node("MatMul", name: "first", inputs: ["x", "a"], outputs: ["m"]),
        Node("Relu", inputs: ["m"], outputs: ["r"]),
        Node("MatMul", name: "second", inputs: ["r", "b"], outputs: ["y"]),
      ])
    graph.addInitializer("a", .random([256, 300]))
    graph.addInitializer("b", .random([300, 200]))
    return graph
  }()

  private func runner(_ backend: String, _ maxMemory: Int?) throws -> GraphRunner {
    GraphRunner(Self.graph, planner: Planner(backend: try Backend(backend), threads: 2, maxMemory: maxMemory))
  }

  @Test("Weights that are packed for each run give the same numbers", arguments: ["onednn", "openblas", "vector"])
  func streams(backend: String) throws {
    let x = Value.tensor(.random([3, 256], seed: 4))
    let expected = try runner(backend, nil).run(["x": x])["y"]?.tensor
    // Far more than is needed, and so little beside what tests have in memory already that nothing can be kept.
    let held = try runner(backend, 1 << 50)
    for _ in 0..<2 { #expect(try held.run(["x": x])["y"]?.tensor?.doubles() == expected?.doubles()) }
  }

  @Test("What cannot be met is refused before anything runs, with the node that needs most") func refuses() throws {
    let runner = try runner("vector", 1 << 20)
    let error = #expect(throws: RunError.self) { _ = try runner.run(["x": .tensor(.random([3, 256]))]) }
    let text = "\(try #require(error))"
    #expect(text.contains("memory: expected at most 1.0 MiB, found "))
    #expect(text.contains("for the program") && text.contains("for values") && text.contains("for weights"))
    #expect(text.hasPrefix("node \""))
  }

  @Test("An arena that fills late counts late") func touched() throws {
    let column = TensorType(.float32, dims: [2048, 1]), row = TensorType(.float32, dims: [1, 4096])
    let graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(column)), ValueInfo("r", .tensor(row))], outputs: [ValueInfo("y", nil)],
      nodes: [
        Node("Tanh", inputs: ["x"], outputs: ["t"]),
        Node("MatMul", inputs: ["t", "r"], outputs: ["m"]),
        Node("ReduceSum", inputs: ["m"], outputs: ["y"]),
      ])
    let plan = try Planner(backend: try Backend.reference, threads: 1).plan(graph, inputs: ["x": column, "r": row])
    let counts = plan.touchedByteCounts, large = 2048 * 4096 * 4
    #expect(plan.steps.map(\.node.opType) == ["Tanh", "MatMul", "ReduceSum"])
    #expect(counts.count == 3 && counts[0] < large && counts[1] >= large && counts[2] >= counts[1])
    #expect(counts[2] <= plan.arenaByteCount)
  }
}
