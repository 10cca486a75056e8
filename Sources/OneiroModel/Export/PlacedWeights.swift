import OneiroGraph

/// Weights that lie in files beside a model before the model itself is written, so that they need never be in memory
/// together. The files get their names when the model is written; if it never is, they vanish with the last copy of
/// this.
public struct PlacedWeights: Sendable {
  private(set) var places: [ObjectIdentifier: ExternalDataWriter.Place] = [:]
  /// Kept alive, as a place is found by the identity of its memory.
  private var tensors: [Tensor] = []
  private var files: [FinishedFile] = []

  public init() {}

  /// Takes a file that is to appear with the model.
  public mutating func add(_ written: WrittenWeights) {
    guard let file = written.file else { return }
    files.append(file)
    for (tensor, place) in written.places {
      guard let identity = tensor.storageIdentity else { preconditionFailure("strings have no place in a file") }
      places[identity] = place
      tensors.append(tensor)
    }
  }

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
    let tensors = graph.allInitializers.filter { tensor in
      tensor.storedByteCount >= threshold && tensor.storageIdentity.map { places[$0] == nil } ?? false
    }
    guard !tensors.isEmpty else { return nil }
    var stream = try WeightStream(to: location, in: folder, threshold: threshold)
    for tensor in tensors { try stream.keep(tensor) }
    let written = try stream.finish()
    add(written)
    return written.hash
  }
}

extension Graph {
  /// The tensors of this graph and of the bodies in it, in the order in which files list them.
  public var allInitializers: [Tensor] {
    orderedInitializers.map(\.tensor) + nodes.flatMap { $0.bodies.flatMap { $0.graph.allInitializers } }
  }
}

extension Network {
  /// Writes the weights to a file beside the model that is to be, one tensor at a time.
  /// - location: the file, relative to `folder`.
  /// - type: float32, or float16 or bfloat16 for tensors of two axes and more: those that make a file large. In the
  ///   graph they are float32 all the same, kept narrow.
  /// - progress: is told of the bytes of each tensor that is done.
  /// - Returns: the graph, whose initializers are mapped from that file, and the file's SHA-256 if there is one.
  public func writeWeights(
    to location: String, in folder: String, as type: ElementType, placed: inout PlacedWeights,
    progress: (_ byteCount: Int) -> Void
  ) throws(GraphError) -> (graph: Graph, hash: String?) {
    var stream = try WeightStream(to: location, in: folder)
    var written: [(name: String, index: Int)] = []
    for weight in weights {
      let stored = weight.tensor.dims.count >= 2 ? type : .float32
      let tensor = try weight.tensor.converted(to: stored, name: weight.name).read()
      try WeightCheck.finite(tensor, name: weight.name)
      written.append((weight.name, try stream.append(stored == .float32 ? tensor : tensor.widening())))
      progress(tensor.storedByteCount)
    }
    let result = try stream.finish()
    placed.add(result)
    var graph = graph
    for (name, index) in written { graph.addInitializer(name, result.tensors[index]) }
    return (graph, result.hash)
  }
}
