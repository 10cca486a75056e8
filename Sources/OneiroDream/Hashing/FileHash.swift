import OneiroModel

extension SHA256 {
  /// The hash of a whole file in lower-case hexadecimal. The file is mapped, not read into memory.
  public static func hex(ofFile path: String) throws(DreamError) -> String {
    do { return hex(try MappedFile(path).bytes) } catch { throw .graph(error) }
  }
}
