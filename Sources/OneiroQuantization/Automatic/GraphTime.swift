import OneiroGraph
import OneiroRuntime

/// How long a whole graph takes, on this machine, with a planner's kernels.
public enum GraphTime {
  private static let runs = 5, enough = 0.5

  /// The best of a few runs after one that warms up.
  public static func seconds(_ graph: Graph, call: [String: Tensor], planner: Planner) throws(RunError) -> Double {
    let runner = GraphRunner(graph, planner: planner), inputs = call.mapValues(Value.tensor)
    _ = try runner.run(inputs)
    var best = Double.infinity
    for _ in 0..<runs {
      let start = ContinuousClock.now
      _ = try runner.run(inputs)
      best = min(best, (ContinuousClock.now - start) / .seconds(1))
      if best > enough { break }
    }
    return best
  }
}
