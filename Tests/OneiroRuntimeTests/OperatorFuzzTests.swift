import Foundation
import OneiroConformance
import OneiroGraph
import OneiroOps
import OneiroPasses
import OneiroRuntime
import Testing

/// Whatever a model asks of an operator, it gets a result or an error. A trap ends the test program.
///
/// By hand for longer: `ONEIRO_FUZZ_ROUNDS=500`, `ONEIRO_FUZZ_SEED=7`,
/// `ONEIRO_FUZZ_MODELS=/usr/share/libonnx-testdata/data` (models to begin with), `ONEIRO_FUZZ_TRACE=case.txt` (a file
/// that holds the case at work).
@Suite("Operators survive any node", .serialized) struct OperatorFuzzTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let rounds = environment["ONEIRO_FUZZ_ROUNDS"].flatMap(Int.init) ?? 6
  private static let seed = environment["ONEIRO_FUZZ_SEED"].flatMap(UInt64.init) ?? 1
  private static let backends = ["reference", "vector", "onednn", "openblas"]

  /// Checks, plans and runs. Returns: whether it came to an end without an error.
  @discardableResult
  private func run(_ graph: Graph, _ inputs: [String: Tensor], _ backend: Backend) -> Bool {
    if let trace = Self.environment["ONEIRO_FUZZ_TRACE"] {
      let text = "\(backend.chain.first.map { "\($0)" } ?? "")\n\(GraphText.print(graph))\n\(inputs)\n"
      try? text.write(toFile: trace, atomically: false, encoding: .utf8)
    }
    var model = Model(graph: graph)
    for domain in ["ai.onnx.ml", "ai.onnx.preview.training", Model.oneiroDomain] { model.opsetImports[domain] = 1 }
    model.opsetImports["ai.onnx.ml"] = 5
    do {
      let loaded = try LoadedModel(model, path: "case")
      _ = try GraphRunner(loaded.graph, planner: Planner(backend: backend, threads: 2))
        .run(inputs.mapValues(Value.tensor))
      return true
    } catch { return false }
  }

  @Test("Nodes made of the schema alone") func schemas() throws {
    let backends = try Self.backends.map { try Backend($0) }
    var mutator = CaseMutator(seed: Self.seed), passed: Set<String> = []
    for round in 0..<Self.rounds * 5 {
      for op in Operators.all {
        let (graph, inputs) = mutator.node(of: op)
        if run(graph, inputs, backends[round % backends.count]) { passed.insert(op.schema.op.description) }
      }
    }
    // Most of what is made has to get past the checks now and then, or nothing behind them is tried.
    #expect(passed.count > Operators.all.count / 4, "\(passed.count)")
  }

  @Test("Good nodes, spoiled") func cases() throws {
    let backends = try Self.backends.map { try Backend($0) }
    var mutator = CaseMutator(seed: Self.seed &+ 1000)
    for round in 0..<Self.rounds {
      for (index, test) in Conformance.all.enumerated() where (index + round) % 4 == 0 || Self.rounds > 6 {
        var graph = test.graph, inputs = test.inputs
        mutator.spoil(&graph, &inputs)
        run(graph, inputs, backends[(index / 4 + round) % backends.count])
      }
    }
  }

  @Test("Models from a folder, spoiled", .enabled(if: environment["ONEIRO_FUZZ_MODELS"] != nil)) func models() throws {
    let backends = try Self.backends.map { try Backend($0) }
    var mutator = CaseMutator(seed: Self.seed &+ 2000)
    let cases = try ConformanceCase.find(in: [Self.environment["ONEIRO_FUZZ_MODELS"] ?? ""])
    for round in 0..<Self.rounds {
      for (index, test) in cases.enumerated() {
        guard let loaded = try? LoadedModel(path: test.folder + "/model.onnx"), loaded.graph.nodes.count < 50 else {
          continue
        }
        var graph = loaded.graph, inputs: [String: Tensor] = [:]
        for input in graph.requiredInputs {
          guard let type = input.type?.tensorType else { continue }
          inputs[input.name] = mutator.tensor(of: type.elementType, (type.shape ?? []).map { $0.extent ?? 2 })
        }
        mutator.spoil(&graph, &inputs)
        run(graph, inputs, backends[(index + round) % backends.count])
      }
    }
  }
}
