import OneiroModel

extension SHA256 {
  /// The hash of a whole file in lower-case hexadecimal. The file is mapped, not read into memory.
  public static func hex(ofFile path: String) throws(DreamError) -> String {
    let file: MappedFile
    do { file = try MappedFile(path) } catch { throw .graph(error) }
    return withExtendedLifetime(file) { hex(file.bytes) }
  }
}
