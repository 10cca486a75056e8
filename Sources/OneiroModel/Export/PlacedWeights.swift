import OneiroGraph

/// Weights that lie in files beside a model before the model itself is written, so that they need never be in memory
/// together. The files get their names when the model is written; if it never is, they vanish with the last copy of this.
public struct PlacedWeights: Sendable {
  private(set) var places: [ObjectIdentifier: ExternalDataWriter.Place] = [:]
  /// Kept alive, as a place is found by the identity of its memory.
  private var tensors: [Tensor] = []
  private var files: [FinishedFile] = []

  public init() {}

  mutating func add(_ tensor: Tensor, at place: ExternalDataWriter.Place) {
    guard let identity = tensor.storageIdentity else { preconditionFailure("strings have no place in a weights file") }
    places[identity] = place
    tensors.append(tensor)
  }

  mutating func add(_ file: FinishedFile) { files.append(file) }

  /// Gives the files their names.
  func commit() throws(GraphError) {
    for file in files { try file.commit() }
  }
}

extension PlacedWeights {
  /// Tensors of fewer bytes stay in the model file.
  public static let threshold = 1024

  /// Writes the initializers of a graph and of the bodies in it to a file beside the model that is to be. Tensors that
  /// share their memory are written once.
  /// - location: the file, relative to `folder`, the model's. Without tensors that are large enough there is none.
  /// - Returns: the file's SHA-256, in lower-case hexadecimal.
  public mutating func write(
    _ graph: Graph, to location: String, in folder: String, threshold: Int = PlacedWeights.threshold
  ) throws(GraphError) -> String? {
    var tensors: [Tensor] = []
    var seen = Set(places.keys)
    func collect(_ graph: Graph) {
      for (_, tensor) in graph.orderedInitializers where tensor.storedByteCount >= threshold {
        if let identity = tensor.storageIdentity, seen.insert(identity).inserted { tensors.append(tensor) }
      }
      for node in graph.nodes { for body in node.bodies { collect(body.graph) } }
    }
    collect(graph)
    guard !tensors.isEmpty else { return nil }
    var writer = try ExternalDataWriter(location: location, folder: folder)
    for tensor in tensors { add(tensor, at: try writer.append(tensor)) }
    let (file, hash) = try writer.finish()
    add(file)
    return hash
  }
}

extension Network {
  /// Writes the weights to a file beside the model that is to be, one tensor at a time.
  /// - location: the file, relative to `folder`.
  /// - type: float32, or float16 or bfloat16 for tensors of two axes and more: those that make a file large. In the
  ///   graph they are float32 all the same, kept narrow.
  /// - progress: is told of the bytes of each tensor that is done.
  /// - Returns: the graph, whose initializers are mapped from that file, and the file's SHA-256.
  public func writeWeights(
    to location: String, in folder: String, as type: ElementType, placed: inout PlacedWeights,
    progress: (_ byteCount: Int) -> Void
  ) throws(GraphError) -> (graph: Graph, hash: String) {
    var writer = try ExternalDataWriter(location: location, folder: folder)
    var graph = graph
    var written: [(name: String, type: ElementType, dims: [Int], place: ExternalDataWriter.Place)] = []
    for weight in weights {
      let stored = weight.tensor.dims.count >= 2 ? type : .float32
      let tensor = try weight.tensor.converted(to: stored, name: weight.name).read()
      try WeightCheck.finite(tensor, name: weight.name)
      if tensor.storedByteCount < PlacedWeights.threshold {
        graph.addInitializer(weight.name, stored == .float32 ? tensor : tensor.widening())
      } else {
        written.append((weight.name, stored, tensor.dims, try writer.append(tensor)))
      }
      progress(tensor.storedByteCount)
    }
    let (file, hash) = try writer.finish()
    placed.add(file)
    for (name, stored, dims, place) in written {
      let range = place.offset..<place.offset + place.length
      let storage = file.mapped.storage(range, alignment: stored.bitWidth / 8)
      let tensor =
        stored == .float32
        ? Tensor(.float32, dims: dims, storage: storage) : Tensor(widening: storage, from: stored, dims: dims)
      placed.add(tensor, at: place)
      graph.addInitializer(name, tensor)
    }
    return (graph, hash)
  }
}
