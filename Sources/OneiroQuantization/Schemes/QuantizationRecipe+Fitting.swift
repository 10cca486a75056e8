import OneiroGraph

extension QuantizationRecipe {
  /// The same choices for the other kind of file: those of a pipeline's part for that part as a plain model, and those of a
  /// plain model for a pipeline with such a part. Names of layers tell which part it is.
  /// - graphs: the plain model, whose role is empty, or the parts of a pipeline that are to be quantized.
  /// - Returns: itself where recipe and graphs are of one kind.
  /// - Throws: when not exactly one part has the layers that are chosen for.
  public func fitted(to graphs: [(role: String, graph: Graph)]) throws(GraphError) -> QuantizationRecipe {
    let isPlain = graphs.map(\.role) == [""], isOfPlain = parts.map(\.role) == [""]
    guard isPlain != isOfPlain, !graphs.isEmpty, !parts.isEmpty else { return self }
    let known = graphs.map { Set(QuantizableLayer.all(in: $0.graph).map(\.name)) }
    let pairs = parts.flatMap { part in zip(graphs, known).map { (part: part, role: $0.role, names: $1) } }
    let fitting = pairs.filter { !$0.part.layers.isEmpty && $0.part.firstStranger(to: $0.names) == nil }
    func roles(_ pairs: [(part: Part, role: String, names: Set<String>)]) -> String {
      pairs.map { isPlain ? $0.part.role : $0.role }.joined(separator: ", ")
    }
    guard let only = fitting.first, fitting.count == 1 else {
      let other = pairs.lazy.compactMap { $0.part.firstStranger(to: $0.names) }.first
      let expected =
        isPlain
        ? "choices for a plain model, or for one part with its layers"
        : "choices for parts of a pipeline, or for a plain model with the layers of one of them"
      guard fitting.isEmpty else {
        let hint = isPlain ? "" : " (--role names one)"
        throw .mismatch(
          "recipe", expected: expected, found: "those for layers that are in each of \(roles(fitting))\(hint)")
      }
      let found = "those for \(isPlain ? roles(pairs) : "a plain model") with other layers"
      throw .mismatch("recipe", expected: expected, found: other.map { "\(found), such as \"\($0)\"" } ?? found)
    }
    var result = self
    result.parts = [Part(role: only.role, equalized: only.part.equalized, layers: only.part.layers)]
    return result
  }
}

extension QuantizationRecipe.Part {
  /// The first layer that has none of these names.
  fileprivate func firstStranger(to names: Set<String>) -> String? { layers.first { !names.contains($0.name) }?.name }
}
