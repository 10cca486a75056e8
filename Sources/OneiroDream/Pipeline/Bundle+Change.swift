import OneiroGraph
import OneiroModel

extension Bundle {
  /// Writes a pipeline with other graphs for its parts, each part's weights in a file of its own, tensor by tensor.
  /// Either all of it appears or nothing.
  /// - path: a pipeline file, from which everything else is taken.
  /// - change: is given each part, and a way to write its weights; gives the new graph, and what it has written.
  public static func change(
    _ path: String, to output: String,
    _ change: (_ role: String, _ body: Graph, _ stream: consuming WeightStream) throws(GraphError) -> (
      graph: Graph, weights: WrittenWeights
    )
  ) throws(DreamError) {
    var model = try load(path)
    let parts = PipelineBuilder.parts(of: model)
    let files = PipelineFiles(output, roles: parts.map(\.role))
    var placed = PlacedWeights()
    var hashes: [String: String] = [:]
    do throws(GraphError) {
      for (index, node) in model.graph.nodes.enumerated() {
        guard let role = node.pipelineRole, case .graph(let body) = node.attributes["body"] else { continue }
        let stream = try WeightStream(to: files.name(of: role), in: folder(of: output))
        let (graph, weights) = try change(role, body, stream)
        model.graph.nodes[index].attributes["body"] = .graph(graph)
        placed.add(weights)
        hashes[role] = weights.hash
      }
    } catch {
      throw .graph(error.located(in: path))
    }
    model.useCanonicalForm()
    try write(model, to: output, files: files, placed: placed, hashes: hashes)
  }
}
