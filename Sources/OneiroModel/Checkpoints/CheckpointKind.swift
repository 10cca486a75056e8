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
    } else if path.hasSuffix(".safetensors"), !Self.known.contains(where: { bytes.starts(with: $0.start) }) {
      self = .safetensors
    } else {
      return nil
    }
  }

  static let expected = "a safetensors file, its index (.safetensors.index.json), or a file of torch.save"

  /// What people take for checkpoints by mistake.
  private static let known: [(start: [UInt8], what: String)] = [
    (
      Array("version https://git-lfs".utf8),
      "a pointer of Git LFS: the file itself is still to be fetched (git lfs pull)"
    ),
    (Array("<!DOCTYPE".utf8), "a web page"), (Array("<html".utf8), "a web page"),
    (Array("<!doctype".utf8), "a web page"),
    ([0x89] + Array("PNG".utf8), "a PNG picture"), ([0x93] + Array("NUMPY".utf8), "an array of NumPy"),
    ([0x1F, 0x8B], "a gzip archive, to be unpacked first"),
    ([0x80], "a pickle without the header of torch.save"),
  ]

  /// How a file begins, for messages.
  static func beginning(of bytes: UnsafeRawBufferPointer) -> String {
    if bytes.isEmpty { return "an empty file" }
    for (start, what) in known where bytes.starts(with: start) { return what }
    let start = bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    return "\(bytes.count) bytes that begin with \(start)"
  }
}
