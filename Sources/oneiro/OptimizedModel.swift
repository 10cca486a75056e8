import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroPasses
import OneiroRuntime

/// A model after all passes, for inputs of some shapes.
struct OptimizedModel {
  let graph: Graph
  let patches: [RewriteLog.Entry]
  let counts: [(rule: String, count: Int)]
  /// Dimensions that were taken as 1.
  let assumed: [String]
  /// Nodes that cannot be planned before a run brings data.
  let waiting: [Node]

  init(_ model: Model, path: String, shapes: [String: [Int]], options: BackendOptions) throws {
    let loaded = try LoadedModel(model, path: path)
    let inputs: InputTypes
    do { inputs = try InputTypes(of: loaded.graph, given: shapes) } catch { throw error.located(in: path) }
    // Passes do not look at kernels, and the reference's pack no weights.
    let planner = Planner(
      backend: try Backend.reference, hostOperators: [DenoiseOperator.self], threads: 1,
      rewrites: try options.rewrites)
    let round = try AssumedDimensions.explaining(inputs.assumed) {
      try planner.round(loaded.graph, inputs: inputs.types.mapValues(Planner.Binding.type))
    }
    if round.remainder == nil { options.checkStopAfter(planner.rewriteLog.entries.count) }
    graph = round.plan.optimizedGraph
    patches = planner.rewriteLog.entries
    counts = planner.rewriteLog.counts
    assumed = inputs.assumed
    waiting = round.remainder?.graph.nodes ?? []
  }

  /// The graph as a model of its own.
  func model(like model: Model) -> Model {
    var result = model
    result.graph = graph
    // Functions have been put in place of their calls.
    result.functions = []
    result.opsetImports[Model.oneiroDomain] = 1
    return result
  }
}
