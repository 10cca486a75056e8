import OneiroGraph
import OneiroPasses
import OneiroRuntime

/// What quantization does to the values of a graph: the same calls before and after.
public struct Evaluation: Sendable {
  /// By value, where both runs show it. What came in from the layers before is in it.
  public let noise: [String: QuantizationNoise]
  /// Of all outputs of the graph together; `nil` where none of them is of floats.
  public let outputs: QuantizationNoise?

  /// - graph, quantized: as `LoadedModel.graph`.
  /// - values: to compare beside the graph's outputs.
  /// - planner: its rewrites are left out, so that every value is there.
  public init(
    _ graph: Graph, _ quantized: Graph, calls: [[String: Tensor]], values: Set<String>, planner: Planner,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(RunError) {
    let planner = planner.with(.none)
    let runners = [GraphRunner(graph, planner: planner), GraphRunner(quantized, planner: planner)]
    let outputNames = graph.outputs.map(\.name)
    var noise: [String: QuantizationNoise] = [:], all: QuantizationNoise?
    for (index, call) in calls.enumerated() {
      let recorders = [ValueRecorder(limit: 1 << 16), ValueRecorder(limit: 1 << 16)]
      var results: [[String: Value]] = []
      for (runner, recorder) in zip(runners, recorders) {
        var options = RunOptions()
        options.observe = { value, step, bytes in
          if values.contains(value.name) { recorder.observe(value, step, bytes) }
        }
        results.append(try runner.run(call.mapValues(Value.tensor), options))
      }
      for (name, sample) in recorders[0].values {
        guard let other = recorders[1].sample(of: name), other.count == sample.count else { continue }
        noise[name, default: QuantizationNoise()].add(other.elements, expected: sample.elements)
      }
      for name in outputNames {
        guard let exact = results[0][name]?.tensor, let found = results[1][name]?.tensor, exact.dims == found.dims,
          exact.elementType.isFloatingPoint
        else { continue }
        all = all ?? QuantizationNoise()
        all?.add(found.doubles(), expected: exact.doubles())
      }
      progress(index + 1, calls.count)
    }
    self.noise = noise
    outputs = all
  }
}
