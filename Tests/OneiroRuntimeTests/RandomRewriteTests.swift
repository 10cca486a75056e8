import OneiroConformance
import OneiroGraph
import OneiroPasses
import OneiroRuntime
import Testing

@Suite("On random networks the passes change no number") struct RandomRewriteTests {
  private static let x = Tensor.random(RandomNetwork.inputDims, seed: 9)
  private static let tolerance = 2e-4

  @Test(arguments: 1...150) func keeps(seed: UInt64) throws {
    let graph = RandomNetwork(seed: seed, pieces: 24).graph
    let expected = try run(graph, "reference", isOptimized: false)
    for backend in ["reference", "onednn", "vector"] {
      guard let difference = Self.difference(expected, try run(graph, backend, isOptimized: true)) else { continue }
      let smallest = try smallest(graph, backend)
      let patch = try culprit(smallest, backend)
      Issue.record("seed \(seed) on \(backend): \(difference)\nafter \(patch)\n\(GraphText.print(smallest))")
    }
  }

  @Test("The networks hold what the passes look for") func covers() throws {
    let log = try (1...300).map { (seed: UInt64) -> RewriteLog in
      let planner = Planner(backend: try Backend.reference, threads: 1)
      _ = try planner.plan(RandomNetwork(seed: seed, pieces: 24).graph, inputs: Self.types)
      return planner.rewriteLog
    }
    let found = Set(log.flatMap { $0.entries.map(\.rule) })
    // An Attention of opset 23 and an image that is enlarged are no pieces of these networks, and neither is what
    // quantizes: there the smallest difference may become a whole step.
    let missing: Set = [
      "expand-attention", "expand-integer-product", "expand-qlinear", "fuse-quantize-linear", "fuse-quantized",
      "fuse-quantized-geglu", "fuse-quantized-normalization", "fuse-weight-quantized", "narrow-attention",
      "fold-dequantization", "fuse-upsampling", "quantize-before-transposing",
    ]
    #expect(Set(RewriteRules.all.map(\.name)).subtracting(found) == missing)
  }

  private static var types: [String: TensorType] { ["x": TensorType(.float32, dims: x.dims)] }

  private func run(
    _ graph: Graph, _ backend: String, isOptimized: Bool, stopAfter: Int? = nil
  ) throws -> [String: Tensor] {
    var settings = isOptimized ? RewriteSettings() : try RewriteSettings(skipping: [RewriteSettings.all])
    settings.stopAfter = stopAfter
    let planner = Planner(backend: try Backend(backend), threads: 2, rewrites: settings)
    return try GraphRunner(graph, planner: planner).run(["x": .tensor(Self.x)]).compactMapValues(\.tensor)
  }

  private static func difference(_ expected: [String: Tensor], _ found: [String: Tensor]) -> String? {
    guard expected.values.allSatisfy({ $0.doubles().allSatisfy(\.isFinite) }) else { return nil }
    return Agreement(tolerance: tolerance).difference(expected: expected, found: found)
  }

  /// The first patch after which the numbers differ.
  private func culprit(_ graph: Graph, _ backend: String) throws -> String {
    let planner = Planner(backend: try Backend.reference, threads: 1)
    _ = try planner.plan(graph, inputs: Self.types)
    let expected = try run(graph, "reference", isOptimized: false)
    for entry in planner.rewriteLog.entries {
      let found = try run(graph, backend, isOptimized: true, stopAfter: entry.number)
      if Self.difference(expected, found) != nil { return "patch \(entry.number), \(entry.rule): \(entry.reason)" }
    }
    return "no patch"
  }

  /// The graph cut behind the first node whose value comes out wrong, without what that does not depend on.
  private func smallest(_ graph: Graph, _ backend: String) throws -> Graph {
    for count in 1...graph.nodes.count {
      var part = graph
      part.nodes = Array(graph.nodes.prefix(count))
      let made = Set(part.nodes.flatMap(\.outputs))
      let last = part.nodes.last!.outputs[0]
      part.outputs = graph.outputs.filter { made.contains($0.name) && $0.name != last } + [ValueInfo(last, nil)]
      part = PruneDeadNodes.apply(to: part)
      let expected = try run(part, "reference", isOptimized: false)
      if Self.difference(expected, try run(part, backend, isOptimized: true)) != nil { return part }
    }
    return graph
  }
}
