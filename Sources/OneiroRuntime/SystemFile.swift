import Glibc

/// Files that cannot be mapped: those by which the system tells about itself, and those that others may cut short.
enum SystemFile {
  /// The first `limit` bytes of a file; `nil` when there is none.
  static func text(_ path: String, limit: Int = 1 << 16) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < limit {
      let length = fread(&buffer, 1, min(buffer.count, limit - bytes.count), file)
      if length == 0 { break }
      bytes += buffer[..<length]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
