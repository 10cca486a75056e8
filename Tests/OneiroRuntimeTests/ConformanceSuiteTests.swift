import Foundation
import OneiroGraph
import OneiroModel
import OneiroRuntime
import Testing

/// Many cases in one process: the order of what is reported, what is said of a difference, and the limit of time.
@Suite struct ConformanceSuiteTests {
  /// Folders of cases, which go with it.
  private final class Cases {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("oneiro-\(UUID().uuidString)")
    deinit { try? FileManager.default.removeItem(at: folder) }

    func add(_ name: String, _ graph: String, inputs: [Tensor], outputs: [Tensor]) throws {
      let data = folder.appendingPathComponent("\(name)/test_data_set_0")
      try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
      let model = try GraphText.parse("<ir_version: 10, opset_import: [\"\" : 23]>\n\(graph)")
      try Data(ModelWriter.bytes(of: model)).write(to: folder.appendingPathComponent("\(name)/model.onnx"))
      for (prefix, tensors) in [("input", inputs), ("output", outputs)] {
        for (index, tensor) in tensors.enumerated() {
          let file = data.appendingPathComponent("\(prefix)_\(index).pb").path
          try ArrayFile.write(.tensor(tensor), to: file, name: "x")
        }
      }
    }

    func run(workers: Int, timeLimit: Duration) throws -> (results: [ConformanceRun.Result], abandoned: Int) {
      let run = ConformanceRun(planner: Planner(backend: try .reference, threads: 1))
      var results: [ConformanceRun.Result] = []
      let abandoned = ConformanceSuite(run, workers: workers, timeLimit: timeLimit)
        .run(try ConformanceCase.find(in: [folder.path])) { results.append($0) }
      return (results, abandoned)
    }
  }

  private let relu = "g (float[2,2] x) => (float[2,2] y) { y = Relu (x) }"

  @Test func resultsComeInTheOrderOfTheCases() throws {
    let cases = Cases()
    let input = Tensor([1, -1, 0, 2] as [Float], dims: [2, 2])
    for number in 10..<40 {
      let output = Tensor([1, 0, 0, number % 3 == 0 ? 2.5 : 2] as [Float], dims: [2, 2])
      try cases.add("case_\(number)", relu, inputs: [input], outputs: [output])
    }
    let (results, abandoned) = try cases.run(workers: 4, timeLimit: .seconds(600))
    #expect(abandoned == 0)
    #expect(results.map(\.name) == (10..<40).map { "case_\($0)" })
    for (number, result) in zip(10..<40, results) {
      guard case .failed(.differs(let output, let difference)) = result.outcome else {
        #expect(number % 3 != 0, "case \(number)")
        continue
      }
      #expect(number % 3 == 0 && output == "y" && difference.index == [1, 1], "case \(number)")
      #expect("\(difference)" == "[1, 1]: expected 2.5, found 2.0, tolerance 0.0025001")
    }
  }

  @Test func differencesOfTypeAndShapeHaveNoIndex() throws {
    let cases = Cases()
    let input = Tensor([1, -1, 0, 2] as [Float], dims: [2, 2])
    try cases.add("shape", relu, inputs: [input], outputs: [Tensor([1, 0] as [Float], dims: [2])])
    let outcome = try cases.run(workers: 1, timeLimit: .seconds(600)).results[0].outcome
    guard case .failed(let failure) = outcome else { Issue.record("\(outcome)"); return }
    #expect("\(failure)" == "output \"y\": expected float[2], found float[2,2]")
  }

  /// Products of some tenths of a second each, which end by themselves long after the limit.
  @Test func casesThatTakeTooLongFailAndTheOthersGoOn() throws {
    let cases = Cases()
    let size = 400
    let operand = Tensor([Float](repeating: 1, count: size * size), dims: [size, size])
    let graph = "g (float[400,400] a) => (float[400,400] y) { y = MatMul (a, a) }"
    for name in ["a", "b", "c"] { try cases.add(name, graph, inputs: [operand], outputs: [operand]) }
    let (results, _) = try cases.run(workers: 1, timeLimit: .milliseconds(1))
    #expect(results.map(\.name) == ["a", "b", "c"])
    for result in results {
      guard case .failed(.timeLimit(.milliseconds(1))) = result.outcome else {
        Issue.record("\(result.name): \(result.outcome)")
        continue
      }
    }
  }
}
