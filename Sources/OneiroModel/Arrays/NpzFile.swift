import OneiroGraph

/// NumPy's archive of named arrays: a zip file of npy files. Entries that are stored as they are (`numpy.savez`) can be
/// read; compressed ones (`numpy.savez_compressed`) are refused.
public enum NpzFile {
  /// The arrays by name, without the ending ".npy".
  public static func read(_ path: String) throws(GraphError) -> [String: Tensor] {
    let file = try MappedFile(path)
    let entries = try file.withBytes { (bytes) throws(GraphError) in try ZipDirectory(bytes, name: path).entries }
    var arrays: [String: Tensor] = [:]
    for entry in entries {
      guard entry.isStored else {
        throw .invalid(file: path, "array \"\(entry.name)\"", "is compressed; numpy.savez writes archives that are not")
      }
      let array = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
      arrays[array] = try NpyFile.read(entry.range, of: file, name: "\(path)[\(entry.name)]")
    }
    return arrays
  }
}
