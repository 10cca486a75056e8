import OneiroGraph

/// Writes tensors one after the other into files beside a model.
struct ExternalDataWriter: ~Copyable {
  /// Where a tensor's bytes ended up: the entries of TensorProto.external_data.
  struct Place {
    let location: String
    let offset: Int
    let length: Int
  }

  private let location: String
  private var file: AtomicFile

  /// - location: the file's path relative to `folder`, the model's.
  init(location: String, folder: String) throws(GraphError) {
    self.location = location
    file = try AtomicFile(Self.path(location, in: folder))
  }

  private static func path(_ location: String, in folder: String) throws(GraphError) -> String {
    guard !location.isEmpty, !location.hasPrefix("/"), !location.split(separator: "/").contains("..") else {
      throw .mismatch("external data file", expected: "a path relative to the model's folder", found: "\"\(location)\"")
    }
    return "\(folder)/\(location)"
  }

  mutating func append(_ tensor: Tensor) throws(GraphError) -> Place {
    let byteCount = tensor.bytes.count
    // A whole page for what is worth it: then a tensor can be mapped and dropped by itself. Else a vector's width.
    try file.pad(to: byteCount >= 1 << 16 ? 4096 : ByteStorage.alignment)
    let place = Place(location: location, offset: file.byteCount, length: byteCount)
    try file.write(tensor.bytes)
    return place
  }

  consuming func commit() throws(GraphError) { try file.commit() }
}
