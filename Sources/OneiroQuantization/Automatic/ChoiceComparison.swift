import Glibc
import OneiroGraph
import OneiroRuntime

/// Holds what was chosen layer by layer against the graph as it is and with all layers in `w8a8`, as wholes, and keeps
/// the best that meets the goal.
///
/// Times of whole graphs are not quite the sums of their layers': values that are rounded once for several layers, or
/// written as bytes by who makes them, take less.
struct ChoiceComparison {
  /// What the layers become.
  let choices: [LayerChoice]
  /// In the order in which they were measured.
  let compared: [ComparedChoice]

  /// - own: what was chosen layer by layer; it met the goal before, though times that are measured again may be a little
  ///   longer.
  /// - rounded: the layers in `w8a8`, as far as that can be.
  /// - progress: is told of each call that has been run.
  init(
    of own: [LayerChoice], and rounded: [LayerChoice], _ activations: [String: ActivationQuantization],
    _ outputs: OutputNoise, goal: ChoiceGoal, progress: (_ done: Int, _ total: Int) -> Void
  ) throws(RunError) {
    let graph = outputs.graph
    var plans = [("float32", own.map { LayerChoice($0.layer, wanted: .f32) })]
    for plan in [("w8a8", rounded), ("layer by layer", own)]
    where !plans.contains(where: { $0.1.map(\.scheme) == plan.1.map(\.scheme) }) { plans.append(plan) }
    let signal = outputs.signal(outputs.all)
    var graphs: [Graph] = [], noises: [Double] = []
    for (_, choices) in plans {
      let layers = try Self.reduced(choices, in: graph)
      noises.append(try outputs.noise(of: layers, activations, outputs.all, progress: progress))
      graphs.append(layers.isEmpty ? graph : QuantizedCopy.make(of: graph, layers, activations: activations))
    }
    let times = try GraphTime.times(of: graphs, call: outputs.calls[0], planner: outputs.planner)
    let candidates = plans.indices.map { index in
      Candidate(
        noise: noises[index], byteCount: graphs[index].allInitializers.reduce(0) { $0 + $1.storedByteCount },
        times: times[index])
    }
    let allowed = goal.decibels.map { signal / pow(10, $0 / 10) } ?? .infinity
    let ownIndex = plans.firstIndex { $0.1.map(\.scheme) == own.map(\.scheme) }!
    let kept = Candidate.best(of: candidates, goal: goal, allowed: allowed) ?? ownIndex
    choices = plans[kept].1
    compared = plans.indices.map { index in
      var noise = QuantizationNoise()
      noise.add(signal: signal, noise: noises[index])
      return ComparedChoice(
        name: plans[index].0, seconds: times[index].median, noise: noise, byteCount: candidates[index].byteCount,
        meetsGoal: candidates[index].meets(goal, allowed: allowed), isKept: index == kept)
    }
  }

  /// What becomes of the layers' weights, where something does.
  private static func reduced(
    _ choices: [LayerChoice], in graph: Graph
  ) throws(RunError) -> [(choice: LayerChoice, weight: ReducedWeight)] {
    var found: [(choice: LayerChoice, weight: ReducedWeight)] = []
    do throws(GraphError) {
      for choice in choices {
        guard let weight = try choice.reduced(graph.initializers[choice.layer.weight]!) else { continue }
        found.append((choice, weight))
      }
    } catch { throw .graph(error) }
    return found
  }
}
