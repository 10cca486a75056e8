import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroPasses
import OneiroRuntime
import Testing

@Suite("What a loop's body need not compute again") struct HoistingTests {
  private static let context = floats([1, 77, 64], seed: 3)

  /// The tiny U-Net in a loop of four steps.
  private static func graph(_ sampler: String, guidance: Float) throws -> Graph {
    let body = try LoadedModel(path: "\(models)/parts/unet.onnx").graph
    var graph = Graph(
      "loop",
      inputs: [
        ValueInfo("noise", .tensor(TensorType(.float32, dims: [1, 4, 16, 16]))),
        ValueInfo("context", .tensor(TensorType(.float32, dims: [1, 77, 64]))),
      ], outputs: [ValueInfo("latent", nil)])
    graph.addInitializer("none", floats([1, 77, 64], seed: 4))
    graph.nodes = [
      Node(
        "Denoise", domain: Model.oneiroDomain, inputs: ["noise", "context"] + (guidance == 1 ? [] : ["none"]),
        outputs: ["latent"],
        attributes: [
          "body": .graph(body), "scheduler": .string(Array(sampler.utf8)), "steps": .int(4),
          "guidance": .float(guidance),
        ])
    ]
    return graph
  }

  private static let models = #filePath.replacing("Tests/OneiroDreamTests/HoistingTests.swift", with: "Models")

  private static func floats(_ dims: [Int], seed: UInt64) -> Tensor {
    var generator = TorchGenerator(seed: seed)
    return Tensor(generator.randn(dims.reduce(1, *)), dims: dims)
  }

  private func plan(_ graph: Graph, _ backend: String, skipping: [String]) throws -> ExecutionPlan {
    try Planner(
      backend: try Backend(backend), hostOperators: [DenoiseOperator.self], threads: 2,
      rewrites: try RewriteSettings(skipping: skipping)
    ).plan(graph, inputs: graph.inputs.reduce(into: [:]) { $0[$1.name] = $1.type!.tensorType! })
  }

  private func body(_ plan: ExecutionPlan) throws -> ExecutionPlan {
    let bodies = plan.steps.compactMap { ($0.kernel as? any PlannedBody)?.bodyPlan }
    return try #require(bodies.first)
  }

  @Test(
    "changes no bit, run after run",
    arguments: [("plms", Float(1)), ("plms", 3), ("euler", 1), ("unipc", 3)], ["vector", "onednn"])
  func sameBits(sampler: (name: String, guidance: Float), backend: String) throws {
    let graph = try Self.graph(sampler.name, guidance: sampler.guidance)
    let plain = try plan(graph, backend, skipping: [RewriteSettings.hoisting]),
      hoisted = try plan(graph, backend, skipping: [])
    #expect(try body(plain).firstSteps == [0, 0])
    let firstSteps = try body(hoisted).firstSteps
    #expect(firstSteps[0] > 0 && firstSteps[1] > firstSteps[0])
    var before = try Session(plain), after = try Session(hoisted)
    // With another context the second time.
    for seed: UInt64 in [3, 5] {
      let inputs = [
        "noise": Self.floats([1, 4, 16, 16], seed: seed + 10), "context": Self.floats([1, 77, 64], seed: seed),
      ]
      let expected = try before.run(inputs)["latent"]!, found = try after.run(inputs)["latent"]!
      #expect(expected.bytes.elementsEqual(found.bytes))
    }
  }

  @Test("The keys and values of a context are among it") func keysAndValues() throws {
    let plan = try body(try plan(try Self.graph("plms", guidance: 1), "vector", skipping: []))
    let once = plan.steps.prefix(plan.firstSteps[0])
    // Keys and values for each of the seven cross-attentions.
    #expect(once.count { $0.node.opType == "MatMul" } == 14, "\(once.map(\.node.label))")
  }
}
