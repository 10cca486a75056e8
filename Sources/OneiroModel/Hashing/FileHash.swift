import OneiroGraph

extension SHA256 {
  /// The hash of a whole file in lower-case hexadecimal. The file is mapped, not read into memory.
  public static func hex(ofFile path: String) throws(GraphError) -> String {
    let file = try MappedFile(path)
    return withExtendedLifetime(file) { hex(file.bytes) }
  }

  /// That of bytes in memory.
  public static func hex(ofBytes bytes: [UInt8]) -> String { bytes.withUnsafeBytes { hex($0) } }
}
