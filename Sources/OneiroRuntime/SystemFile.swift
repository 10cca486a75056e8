import Glibc

/// Files of the system's, which tell about themselves and cannot be mapped.
enum SystemFile {
  /// The first 64 KiB of a file; `nil` when there is none.
  static func text(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let length = fread(&buffer, 1, buffer.count, file)
    return String(decoding: buffer[..<length], as: UTF8.self)
  }
}
