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
  private var hash = SHA256()

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

  /// Writes the elements as they are kept.
  mutating func append(_ tensor: Tensor) throws(GraphError) -> Place {
    let storage = tensor.stored?.storage
    let byteCount = tensor.storedByteCount
    // A whole page for what is worth it: then a tensor can be mapped and dropped by itself. Else a vector's width.
    try pad(to: byteCount >= 1 << 16 ? 4096 : ByteStorage.alignment)
    let place = Place(location: location, offset: file.byteCount, length: byteCount)
    try withExtendedLifetime(storage) { () throws(GraphError) in
      guard let storage else { return }
      hash.update(storage.bytes)
      try file.write(storage.bytes)
    }
    return place
  }

  private mutating func pad(to alignment: Int) throws(GraphError) {
    let missing = (alignment - file.byteCount % alignment) % alignment
    guard missing > 0 else { return }
    let zeros = [UInt8](repeating: 0, count: missing)
    zeros.withUnsafeBytes { hash.update($0) }
    try file.write(zeros)
  }

  /// - Returns: the file, which gets its name when it is committed, and its SHA-256 in lower-case hexadecimal.
  consuming func finish() throws(GraphError) -> (file: FinishedFile, hash: String) {
    let hash = SHA256.hex(hash.finish())
    return (try FinishedFile(file), hash)
  }
}
