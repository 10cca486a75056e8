import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

/// A graph whose initializers lie in a file, as those of a model with external data do.
struct FiledGraph {
  private(set) var graph: Graph
  /// The file's.
  let path: String

  /// - name: of the file, which takes the place of one of that name as a model's does.
  init(_ graph: Graph, in folder: TemporaryFolder, name: String = "weights") throws {
    var bytes: [UInt8] = [], places: [String: Int] = [:]
    for (name, tensor) in graph.initializers.sorted(by: { $0.key < $1.key }) where tensor.storedByteCount > 0 {
      bytes += [UInt8](repeating: 0, count: (64 - bytes.count % 64) % 64)
      places[name] = bytes.count
      bytes += tensor.stored!.storage.bytes
    }
    self.graph = graph
    path = folder.file(name)
    try AtomicFile.write(bytes, to: path)
    try map(places)
  }

  private mutating func map(_ places: [String: Int]) throws {
    let file = try MappedFile(path)
    for (name, offset) in places {
      let tensor = graph.initializers[name]!
      let storage = file.storage(offset..<offset + tensor.storedByteCount, alignment: 1)
      graph.initializers[name] = Tensor(tensor.elementType, dims: tensor.dims, storage: storage)
    }
  }

  /// The same graph with the file as it is now.
  func reopened() throws -> FiledGraph {
    var copy = self
    try copy.map(graph.initializers.compactMapValues { $0.stored?.storage.filePart?.offset })
    return copy
  }
}
