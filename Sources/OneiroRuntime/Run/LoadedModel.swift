import OneiroGraph
import OneiroModel
import OneiroOps
import OneiroPasses

/// A model file that has been read, checked, and brought into one flat graph ready to be planned.
public struct LoadedModel: Sendable {
  public let path: String
  /// As the file has it, at the canonical opset.
  public let model: Model
  /// The main graph with functions and pipeline parts inlined.
  public let graph: Graph

  /// - outputs: the outputs that are asked for; `nil` for all of them. What the others need is dropped, inputs
  ///   included.
  public init(path: String, outputs: [String]? = nil) throws(GraphError) {
    try self.init(ModelReader.load(path), path: path, outputs: outputs)
  }

  /// - path: what errors call the model.
  public init(_ model: Model, path: String, outputs: [String]? = nil) throws(GraphError) {
    self.path = path
    self.model = model
    do throws(GraphError) {
      try ModelChecker.check(model)
      let flat = InlineSubgraphs.apply(to: try ExpandGradients.apply(to: InlineFunctions.apply(to: model).graph))
      if let missing = outputs?.first(where: { name in !flat.outputs.contains { $0.name == name } }) {
        let names = flat.outputs.map(\.name).joined(separator: ", ")
        throw .mismatch("output \"\(missing)\"", expected: "one of \(names)", found: "a name that the graph has not")
      }
      var pruned = PruneDeadNodes.apply(to: flat, keeping: outputs)
      if outputs != nil {
        // Other inputs of the model feed what is not computed.
        let read = Set(pruned.nodes.flatMap { $0.inputs + $0.bodies.flatMap { $0.graph.capturedNames } })
        let named = read.union(pruned.outputs.map(\.name))
        pruned.inputs.removeAll { !named.contains($0.name) }
      }
      graph = pruned
    } catch {
      throw error.located(in: path)
    }
  }
}
