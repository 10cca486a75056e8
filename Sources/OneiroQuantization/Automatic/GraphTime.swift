import OneiroGraph
import OneiroRuntime

/// How long whole graphs take, on this machine, with a planner's kernels.
public enum GraphTime {
  /// Of graphs with the same inputs, run in turns.
  public static func times(
    of graphs: [Graph], call: [String: Tensor], planner: Planner
  ) throws(RunError) -> [TurnTimes] {
    let inputs = call.mapValues(Value.tensor)
    return try Turns.times(of: graphs) { (graph) throws(RunError) in
      GraphRunner(graph, planner: planner)
    } run: { (runner) throws(RunError) in
      let start = ContinuousClock.now
      _ = try runner.run(inputs)
      return (ContinuousClock.now - start) / .seconds(1)
    }
  }
}
