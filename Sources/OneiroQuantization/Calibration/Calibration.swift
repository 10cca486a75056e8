import OneiroGraph
import OneiroModel
import OneiroPasses
import OneiroRuntime

/// Calls of a graph whose activations are measured.
public struct Calibration: Sendable {
  /// For each call the graph's inputs by name.
  public let calls: [[String: Tensor]]
  /// Where each call comes from, for errors.
  private let sources: [String]

  /// - sources: of each call; `source` unless given.
  /// - Throws: when there is no call, or none with a number other than zero.
  public init(_ calls: [[String: Tensor]], source: String, sources: [String]? = nil) throws(GraphError) {
    guard !calls.isEmpty else {
      throw .mismatch(source, expected: "at least one call to calibrate with", found: "none")
    }
    let tensors = calls.flatMap(\.values).filter { $0.elementType == .float32 }
    guard !tensors.allSatisfy(Self.isSilent) else {
      let isEmpty = tensors.allSatisfy { $0.count == 0 }
      throw .mismatch(source, expected: "numbers to calibrate with", found: isEmpty ? "no element" : "zeros alone")
    }
    self.calls = calls
    self.sources = sources ?? calls.map { _ in source }
    precondition(self.sources.count == calls.count)
  }

  private static func isSilent(_ tensor: Tensor) -> Bool {
    tensor.elementType == .float32 && tensor.withElements(of: Float.self) { $0.allSatisfy { $0 == 0 } }
  }

  /// Inputs of several floats that are zeros alone in every call.
  public var silentInputs: [String] {
    Set(calls.flatMap(\.keys)).sorted().filter { name in
      let tensors = calls.compactMap { $0[name] }
      return tensors.contains { $0.count > 1 } && tensors.allSatisfy(Self.isSilent)
    }
  }

  /// Where a call comes from, and how large its numbers are: they may be why sums overflow.
  private func description(of call: Int) -> String {
    let tensors = calls[call].values.filter { $0.elementType == .float32 }
    let largest = tensors.map { $0.withElements(of: Float.self) { $0.reduce(0) { max($0, abs($1)) } } }.max() ?? 0
    return "\(sources[call]), whose numbers reach \(largest)"
  }

  /// Histograms of values of a graph over all calls.
  /// - graph: `LoadedModel.graph`.
  /// - finite: values that are looked at for numbers that are not finite, without a histogram.
  /// - Returns: by name, without those that no run shows.
  /// - progress: is told of each call that is done.
  /// - Throws: also when one of the values is infinite or NaN, or an output of the graph NaN.
  public func histograms(
    of values: Set<String>, finite: Set<String> = [], in graph: Graph, planner: Planner,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(RunError) -> [String: Histogram] {
    let origins = ActivationOrigins(graph)
    var found: [String: Histogram] = [:]
    // Fused steps have no value for what is inside them; what is not seen then is looked for without fusions.
    for rewrites in [planner.rewrites, .none] {
      let missing = values.filter { found[$0] == nil }
      guard !missing.isEmpty else { break }
      let recorder = RangeRecorder(Set(missing.flatMap(origins.names)), finite: finite)
      let runner = GraphRunner(graph, planner: planner.with(rewrites))
      var options = RunOptions()
      options.observe = recorder.observe
      for (index, call) in calls.enumerated() {
        for (name, tensor) in call { recorder.add(tensor, to: name) }
        recorder.look(at: try runner.run(call.mapValues(Value.tensor), options))
        if let fault = recorder.fault { throw .graph(fault.error(calledWith: description(of: index))) }
        progress(index + 1, calls.count)
      }
      let histograms = recorder.histograms
      for value in missing { found[value] = origins.names(of: value).lazy.compactMap { histograms[$0] }.first }
    }
    return found
  }
}

extension Planner {
  /// The same with other rewrites.
  func with(_ rewrites: RewriteSettings) -> Planner {
    Planner(
      backend: backend, hostOperators: hostOperators, threads: threads, tuning: tuning, rewrites: rewrites)
  }
}
