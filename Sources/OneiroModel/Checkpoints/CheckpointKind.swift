import OneiroGraph

/// The kinds of checkpoint files, told apart by how they begin.
enum CheckpointKind {
  case torch, safetensors, safetensorsIndex

  init?(_ bytes: UnsafeRawBufferPointer, path: String) {
    if ZipDirectory.isZip(bytes) || LegacyTorchFile.isLegacy(bytes) {
      self = .torch
    } else if bytes.count > 8, bytes[8] == UInt8(ascii: "{"), bytes[7] == 0 || path.hasSuffix(".safetensors") {
      // The header follows its own length, whose last byte is 0 in any file that exists, and a letter in JSON text.
      self = .safetensors
    } else if bytes.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") {
      self = .safetensorsIndex
    } else if path.hasSuffix(".safetensors") {
      self = .safetensors
    } else {
      return nil
    }
  }

  static let expected = "a safetensors file, its index (.safetensors.index.json), or a file of torch.save"

  /// How a file begins, for messages.
  static func beginning(of bytes: UnsafeRawBufferPointer) -> String {
    if bytes.isEmpty { return "an empty file" }
    let start = bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    return "\(bytes.count) bytes that begin with \(start)"
  }
}
