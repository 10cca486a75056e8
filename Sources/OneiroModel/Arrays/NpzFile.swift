import OneiroGraph

/// NumPy's archive of named arrays: a zip file of npy files. Entries that are stored as they are (`numpy.savez`) can be
/// read; compressed ones (`numpy.savez_compressed`) are refused.
public enum NpzFile {
  /// The arrays by name, without the ending ".npy".
  public static func read(_ path: String) throws(GraphError) -> [String: Tensor] {
    try MappedFile(path).withBytes { (bytes) throws(GraphError) in try parse(bytes, name: path) }
  }

  static func parse(_ bytes: UnsafeRawBufferPointer, name: String) throws(GraphError) -> [String: Tensor] {
    var arrays: [String: Tensor] = [:]
    for entry in try ZipDirectory(bytes, name: name).entries {
      guard entry.isStored else {
        throw .invalid(file: name, "array \"\(entry.name)\"", "is compressed; numpy.savez writes archives that are not")
      }
      let array = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
      arrays[array] = try NpyFile.parse(
        UnsafeRawBufferPointer(rebasing: bytes[entry.range]), name: "\(name)[\(entry.name)]")
    }
    return arrays
  }
}
