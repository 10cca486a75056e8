import OneiroGraph
import OneiroModel

/// Writes a plain model with another graph, weights beside it if they were, or if they are too large for one message.
public enum ModelQuantizer {
  /// protobuf ends at two gigabytes.
  private static let largestInside = 1 << 30

  /// - path: the file that `model` was read from.
  /// - change: is given the main graph and a way to write its weights.
  public static func write(
    _ model: Model, from path: String, to output: String,
    _ change: (_ graph: Graph, _ stream: consuming WeightStream) throws(GraphError) -> QuantizedGraph
  ) throws(GraphError) {
    var model = model
    let name = "\(stem(of: output)).weights"
    try model.checkKeepsWeights(writing: "\(folder(of: output))/\(name)")
    let stream = try WeightStream(to: name, in: folder(of: output))
    let quantized: QuantizedGraph
    do { quantized = try change(model.graph, stream) } catch { throw error.located(in: path) }
    let byteCount = model.graph.allInitializers.reduce(0) { $0 + $1.storedByteCount }
    model.graph = quantized.graph
    model.useCanonicalForm()
    var placed = PlacedWeights()
    // A file smaller than its weights has them elsewhere.
    if try MappedFile(path).bytes.count < byteCount || quantized.weights.byteCount > largestInside {
      placed.add(quantized.weights)
    }
    try ModelWriter.write(model, to: output, placed: placed)
  }

  private static func folder(of path: String) -> String { split(path).folder }
  private static func stem(of path: String) -> String {
    let name = split(path).name
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
  }
}
