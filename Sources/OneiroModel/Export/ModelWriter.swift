import COnnx
import OneiroGraph

/// Writes ONNX files. The same model gives the same bytes.
public enum ModelWriter {
  /// The bytes of the model's file, all initializers inside.
  public static func bytes(of model: Model) throws(GraphError) -> [UInt8] {
    let builder = MessageBuilder()
    let message = try builder.model(model)
    var bytes: [UInt8] = []
    try packMessage(message, name: "model") { (part) throws(GraphError) in bytes.append(contentsOf: part) }
    return withExtendedLifetime(model) { withExtendedLifetime(builder.arena) { bytes } }
  }

  /// Writes the model to `path`. The file appears complete or not at all.
  /// - placed: weights in files beside it, which appear just before it.
  public static func write(
    _ model: Model, to path: String, placed: PlacedWeights = PlacedWeights()
  ) throws(GraphError) {
    var builder = MessageBuilder()
    builder.externalPlaces = placed.places
    let message = try builder.model(model)
    var file = try AtomicFile(path)
    try packMessage(message, name: path) { (part) throws(GraphError) in try file.write(part) }
    try placed.commit()
    try file.commit()
    withExtendedLifetime(model) { withExtendedLifetime(builder.arena) {} }
  }

  /// Writes the initializers of `threshold` bytes and more to `externalDataFile` beside the model, then the model.
  public static func write(
    _ model: Model, to path: String, externalDataFile: String, threshold: Int = PlacedWeights.threshold
  ) throws(GraphError) {
    var placed = PlacedWeights()
    do {
      _ = try placed.write(
        model.graph, to: externalDataFile, in: ModelReader.folder(of: path), threshold: threshold)
    } catch {
      throw error.located(in: path)
    }
    try write(model, to: path, placed: placed)
  }
}
