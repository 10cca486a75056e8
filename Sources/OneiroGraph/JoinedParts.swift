import Synchronization

/// Rows of several storages that are to lie side by side in memory of their own.
final class JoinedParts: Sendable {
  let byteCount: Int
  private let parts: [ByteStorage]
  private let rows: Int
  private let isThere = Mutex(false)

  /// - parts: each of as many bytes as `rows` equal rows have.
  init(_ parts: [ByteStorage], rows: Int) {
    precondition(rows > 0 && parts.allSatisfy { $0.byteCount.isMultiple(of: rows) }, "parts do not have \(rows) rows")
    self.parts = parts
    self.rows = rows
    byteCount = parts.reduce(0) { $0 + $1.byteCount }
  }

  /// Writes the rows, unless they are there.
  func fill(_ memory: UnsafeMutableRawPointer) {
    isThere.withLock { isThere in
      guard !isThere else { return }
      isThere = true
      let rowByteCount = byteCount / rows
      var start = memory
      for part in parts {
        let source = part.base, count = part.byteCount / rows
        for row in 0..<rows {
          (start + row * rowByteCount).copyMemory(from: source + row * count, byteCount: count)
        }
        start += count
        part.setAside()
      }
    }
  }

  /// Gives the memory back, but for what lies on a page with something else.
  func drop(_ memory: UnsafeMutableRawPointer) {
    isThere.withLock { isThere in
      isThere = false
      LargePages.giveBack(memory, byteCount)
    }
  }
}
