import COnnx
import OneiroGraph

/// Writes ONNX files. The same model gives the same bytes.
public enum ModelWriter {
  /// Where the elements of initializers go, those of bodies included.
  public struct ExternalData: Sendable {
    /// The file for an initializer, relative to the model's folder; `nil` keeps it in the model file.
    /// - owners: the nodes in whose bodies its graph lies, outermost first; empty for the main graph.
    public var file: @Sendable (_ name: String, _ owners: [Node]) -> String?
    /// Initializers of fewer bytes stay in the model file.
    public var threshold: Int

    public init(threshold: Int = 1024, file: @escaping @Sendable (_ name: String, _ owners: [Node]) -> String?) {
      self.threshold = threshold
      self.file = file
    }
  }

  /// The bytes of the model's file, all initializers inside.
  public static func bytes(of model: Model) throws(GraphError) -> [UInt8] {
    let builder = MessageBuilder()
    let message = try builder.model(model)
    var bytes: [UInt8] = []
    try packMessage(message, name: "model") { (part) throws(GraphError) in bytes.append(contentsOf: part) }
    return withExtendedLifetime(model) { withExtendedLifetime(builder.arena) { bytes } }
  }

  /// Writes the model to `path`, and its initializers to files beside it if `externalData` says so.
  /// Each file appears complete or not at all, the model last.
  public static func write(_ model: Model, to path: String, externalData: ExternalData? = nil) throws(GraphError) {
    var builder = MessageBuilder()
    if let externalData {
      do {
        builder.externalPlaces = try writeExternalData(model.graph, externalData, folder: ModelReader.folder(of: path))
      } catch {
        throw error.located(in: path)
      }
    }
    let message = try builder.model(model)
    var file = try AtomicFile(path)
    try packMessage(message, name: path) { (part) throws(GraphError) in try file.write(part) }
    try file.commit()
    withExtendedLifetime(model) { withExtendedLifetime(builder.arena) {} }
  }

  /// Writes the model to `path` and the initializers of `threshold` bytes and more to `externalDataFile` beside it.
  public static func write(
    _ model: Model, to path: String, externalDataFile: String, threshold: Int = 1024
  ) throws(GraphError) {
    try write(model, to: path, externalData: ExternalData(threshold: threshold) { _, _ in externalDataFile })
  }

  /// Tensors that share their memory are written once.
  private static func writeExternalData(
    _ graph: Graph, _ options: ExternalData, folder: String
  ) throws(GraphError) -> [ObjectIdentifier: ExternalDataWriter.Place] {
    var members: [String: [Tensor]] = [:]
    var seen: Set<ObjectIdentifier> = []
    func collect(_ graph: Graph, owners: [Node]) {
      for (name, tensor) in graph.orderedInitializers {
        guard let identity = tensor.storageIdentity, tensor.bytes.count >= options.threshold,
          let file = options.file(name, owners), seen.insert(identity).inserted
        else { continue }
        members[file, default: []].append(tensor)
      }
      for node in graph.nodes {
        for body in node.bodies { collect(body.graph, owners: owners + [node]) }
      }
    }
    collect(graph, owners: [])
    var places: [ObjectIdentifier: ExternalDataWriter.Place] = [:]
    for (file, tensors) in members.sorted(by: { $0.key < $1.key }) {
      var writer = try ExternalDataWriter(location: file, folder: folder)
      for tensor in tensors { places[tensor.storageIdentity!] = try writer.append(tensor) }
      try writer.commit()
    }
    return places
  }
}
