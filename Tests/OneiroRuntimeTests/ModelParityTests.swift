import OneiroConformance
import OneiroGraph
import OneiroModel
import OneiroRuntime
import Testing

@Suite("Trained models from PyTorch give what PyTorch gave") struct ModelParityTests {
  @Test(
    "Four trials at once, then the first alone", arguments: TinyModel.parts,
    ["reference", "vector", "openblas", "onednn"])
  func reproduces(part: TinyModel.Part, backend: String) throws {
    let loaded = try LoadedModel(path: TinyModel.folder + "/" + part.file)
    let runner = GraphRunner(loaded.graph, planner: Planner(backend: try Backend(backend), threads: 2))
    // The first trial alone on the reference would tell nothing new, and it is slow.
    for trials in backend == "reference" ? [4] : [4, 1] {
      let inputs = try part.inputs.mapValues { Value.tensor(try TinyModel.load($0, trials: trials)) }
      let outputs = try runner.run(inputs)
      let expected = try TinyModel.expected.get()
      for (name, recording) in part.outputs {
        let found = try #require(outputs[name]?.tensor)
        // A trial's own largest value may be small: the bound is taken from all of them.
        let difference = Agreement(tolerance: part.tolerance).difference(
          expected: expected[recording]!.first(trials), found: found)
        #expect(difference == nil, "\(part.file) on \(backend), \(trials) trials, \(name): \(difference ?? "")")
      }
    }
  }
}
