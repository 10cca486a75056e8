import OneiroGraph

/// A checksum of packed weights, to notice a disk's or a copy's faults. It is as fast as memory is read, where SHA-256
/// would take longer than to pack anew, and no help against somebody who means harm.
///
/// Bytes count in pieces, which several threads may go over, and a piece in words of 64 bits, each of which changes one of
/// four sums into another one, whatever the sum was. So no fault within a word is missed, and others by chance alone.
enum PackedChecksum {
  static let pieceByteCount = LargePages.size
  private static let factor: UInt64 = 0x9e37_79b9_7f4a_7c15

  /// That of some bytes.
  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    combine(
      stride(from: 0, to: bytes.count, by: pieceByteCount).map { start in
        ofPiece(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + pieceByteCount, bytes.count)]))
      })
  }

  /// That of bytes from those of their pieces, in order.
  static func combine(_ pieces: [UInt64]) -> UInt64 { pieces.reduce(UInt64(pieces.count), add) }

  /// - bytes: at most `pieceByteCount`.
  static func ofPiece(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    guard let base = bytes.baseAddress else { return 0 }
    func word(_ offset: Int) -> UInt64 {
      UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    var (a, b, c, d) = (0 as UInt64, 1 as UInt64, 2 as UInt64, 3 as UInt64), offset = 0
    while offset + 32 <= bytes.count {
      a = add(a, word(offset))
      b = add(b, word(offset + 8))
      c = add(c, word(offset + 16))
      d = add(d, word(offset + 24))
      offset += 32
    }
    // What is left, and how long it all is.
    for byte in bytes[offset...] { a = add(a, UInt64(byte)) }
    return [b, c, d, UInt64(bytes.count)].reduce(a, add)
  }

  @inline(__always) private static func add(_ sum: UInt64, _ word: UInt64) -> UInt64 {
    let product = (sum ^ word) &* factor
    return product << 29 | product >> 35
  }
}
