import OneiroGraph

extension SHA256 {
  /// Bytes of a file that are in memory at a time, whole pages.
  private static let pieceByteCount = 1 << 20

  /// The hash of a whole file in lower-case hexadecimal. The file is mapped, and what was hashed is given back, so that
  /// files larger than memory, or than a bound on it, can be hashed.
  public static func hex(ofFile path: String) throws(GraphError) -> String {
    let file = try MappedFile(path)
    var hash = SHA256()
    for start in stride(from: 0, to: file.bytes.count, by: pieceByteCount) {
      let end = min(start + pieceByteCount, file.bytes.count)
      hash.update(UnsafeRawBufferPointer(rebasing: file.bytes[start..<end]))
      file.giveBack(start..<end)
    }
    return hex(hash.finish())
  }

  /// That of bytes in memory.
  public static func hex(ofBytes bytes: [UInt8]) -> String { bytes.withUnsafeBytes { hex($0) } }
}
