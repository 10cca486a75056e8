import Glibc
import OneiroGraph
import OneiroRuntime

/// Activations whose channels were brought closer to each other, where that makes the layers that read them more exact.
///
/// One channel that is much larger than the others costs all of them their bits, as an activation has one scale. What
/// makes the activation is divided by a factor for each channel, and the weights that read it are multiplied: the
/// function stays.
public struct Equalization: Sendable {
  /// The graph with the same function.
  public let graph: Graph
  /// In the graph's order.
  public let activations: [EqualizedActivation]
  /// How many there were to choose from.
  public let candidateCount: Int

  /// How much of an activation's range goes over to the weights: tried one after the other.
  static let exponents = [0.3, 0.5, 0.7, 0.9]
  /// Noise that is left has to be less than this share of what it was.
  private static let worthwhile = 0.9
  /// Calls whose numbers layers are measured on.
  private static let sampleCount = 4

  /// - graph: to be written.
  /// - choices: for its layers.
  /// - runnable: `LoadedModel.graph` of it.
  /// - method: for ranges of activations.
  /// - progress: is told of each activation that has been measured.
  public init(
    _ graph: Graph, _ choices: [LayerChoice], runnable: Graph, calibration: Calibration, method: RangeMethod,
    planner: Planner, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(RunError) {
    let candidates: [EqualizableActivation]
    do throws(GraphError) { candidates = try EqualizableActivation.all(in: graph, choices) } catch {
      throw .graph(error)
    }
    let records = try Self.records(of: candidates, in: runnable, calibration, planner)
    let planner = Planner(backend: planner.backend, threads: planner.threads)
    var result = graph, activations: [EqualizedActivation] = []
    for (index, candidate) in candidates.enumerated() {
      defer { progress(index + 1, candidates.count) }
      guard let record = records[candidate.value], let sample = record.samples.first,
        let noise = try LayerNoise(
          candidate, in: result, samples: record.samples.filter { $0.dims == sample.dims }, method: method,
          planner: planner)
      else { continue }
      let before = try noise.relative(ChannelFactors([Float](repeating: 1, count: candidate.channels)))
      var best: (factors: ChannelFactors, exponent: Double, noise: Double)?
      for exponent in Self.exponents {
        let factors = ChannelFactors(
          activations: record.largest, weights: candidate.largestWeights(in: result), exponent: exponent)
        let after = try noise.relative(factors)
        if after < best?.noise ?? (before * Self.worthwhile) { best = (factors, exponent, after) }
      }
      guard let best else { continue }
      result = candidate.equalized(result, by: best.factors)
      activations.append(
        EqualizedActivation(
          value: candidate.value, layers: candidate.readers.map(\.choice.layer.name), exponent: best.exponent,
          factors: best.factors, gain: 10 * log10(before / best.noise)))
    }
    (self.graph, self.activations, candidateCount) = (result, activations, candidates.count)
  }

  /// With the factors of an earlier run.
  /// - Throws: when they do not fit the graph.
  public init(_ graph: Graph, _ choices: [LayerChoice], replaying given: [EqualizedActivation]) throws(GraphError) {
    let candidates = try EqualizableActivation.all(in: graph, choices)
    var result = graph
    for equalized in given {
      guard let candidate = candidates.first(where: { $0.value == equalized.value }),
        candidate.channels == equalized.factors.factors.count
      else {
        throw .mismatch(
          "activation \"\(equalized.value)\" of the recipe",
          expected: "an activation of \(equalized.factors.factors.count) channels that can be equalized",
          found: "none of that name")
      }
      result = candidate.equalized(result, by: equalized.factors)
    }
    (self.graph, activations, candidateCount) = (result, given, candidates.count)
  }

  /// What is left of it when layers become something else than they were to: activations that somebody reads who does
  /// not round them are as they were.
  /// - graph: as it was.
  public func settled(for graph: Graph, _ choices: [LayerChoice]) throws(GraphError) -> Equalization {
    let candidates = Set(try EqualizableActivation.all(in: graph, choices).map(\.value))
    return try Equalization(graph, choices, replaying: activations.filter { candidates.contains($0.value) })
  }

  private static func records(
    of candidates: [EqualizableActivation], in graph: Graph, _ calibration: Calibration, _ planner: Planner
  ) throws(RunError) -> [String: ChannelRecorder.Record] {
    var records: [String: ChannelRecorder.Record] = [:]
    let all = calibration.calls.count, count = min(sampleCount, all)
    let kept = Set((0..<count).map { (2 * $0 + 1) * all / (2 * count) })
    // Fused steps have no value for what is inside them; what is not seen then is looked for without fusions.
    for rewrites in [planner.rewrites, .none] {
      let missing = candidates.filter { records[$0.value] == nil }
      guard !missing.isEmpty else { break }
      let recorder = ChannelRecorder(missing)
      let runner = GraphRunner(graph, planner: planner.with(rewrites))
      var options = RunOptions()
      options.observe = recorder.observe
      for (index, call) in calibration.calls.enumerated() {
        recorder.keepSamples(kept.contains(index))
        _ = try runner.run(call.mapValues(Value.tensor), options)
      }
      records.merge(recorder.records) { first, _ in first }
    }
    return records
  }
}

/// What became of one activation.
public struct EqualizedActivation: Sendable {
  public let value: String
  /// Those that read it.
  public let layers: [String]
  /// How much of its range went over to their weights: 0 is nothing, 1 is all.
  public let exponent: Double
  public let factors: ChannelFactors
  /// Decibels that the layers' signal-to-noise ratio rose by, on samples of the calibration.
  public let gain: Double

  public init(value: String, layers: [String], exponent: Double, factors: ChannelFactors, gain: Double) {
    (self.value, self.layers, self.exponent, self.factors, self.gain) = (value, layers, exponent, factors, gain)
  }
}

extension EqualizableActivation {
  /// The largest magnitude of the weights that each channel is multiplied with.
  fileprivate func largestWeights(in graph: Graph) -> [Float] {
    var largest = [Float](repeating: 0, count: channels)
    for reader in readers {
      guard let weight = graph.initializers[reader.choice.layer.weight] else { continue }
      let inner = weight.dims[(reader.axis + 1)...].reduce(1, *)
      weight.withOwnWidening.withElements(of: Float.self) { elements in
        for (index, element) in elements.enumerated() {
          let channel = index / inner % channels
          largest[channel] = max(largest[channel], abs(element))
        }
      }
    }
    return largest
  }
}
