import Glibc
import OneiroGraph
import OneiroModel

/// A file of packed weights: the parts, each from the beginning of a page on, then an index in text, then 64 bytes that
/// say where the index is and what its SHA-256 is.
///
/// Nothing in it is trusted: the index has the checksum of each part, which is looked at when the part is first read.
final class PackedFile: Sendable {
  /// Changes whenever older files are not to be read.
  static let format = "oneiro packed 2\n"
  /// What all formats begin with.
  private static let name = "oneiro packed "
  private static let trailerByteCount = 64, mostIndexByteCount = 64 << 20

  /// Where a kernel's packed weights are.
  struct Part: Sendable {
    let file: PackedFile
    let offset: Int
    let byteCount: Int
    /// Of its bytes as they were written.
    let checksum: UInt64
  }

  /// Open for reading.
  let descriptor: Int32

  /// - descriptor: is closed with the object.
  init(descriptor: Int32) { self.descriptor = descriptor }
  deinit { close(descriptor) }

  /// `nil` where the system does not tell.
  var identity: FileIdentity? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? FileIdentity(status) : nil
  }

  /// What a file says that it has.
  struct Contents {
    var sources: [PackedKey.Source] = []
    var parts: [(hash: String, offset: Int, byteCount: Int, checksum: UInt64)] = []
  }

  /// - Returns: `nil` when it cannot be opened, is no file, or is one of another version of this program.
  /// - Throws: `GraphError`, when it was cut short, or its index is not what was written.
  static func open(_ path: String) throws(GraphError) -> (file: PackedFile, contents: Contents)? {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    let file = PackedFile(descriptor: descriptor)
    return try file.contents(path).map { (file, $0) }
  }

  private func contents(_ path: String) throws(GraphError) -> Contents? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let size = Int(status.st_size), indexEnd = size - Self.trailerByteCount
    guard indexEnd > 0, let trailer = read(at: indexEnd, Self.trailerByteCount),
      trailer.prefix(Self.name.utf8.count).elementsEqual(Self.name.utf8)
    else {
      throw .mismatch(
        file: path, "packed weights", expected: "the place of an index in the last \(Self.trailerByteCount) bytes",
        found: "other bytes, or none, at the end of \(size)")
    }
    guard trailer.prefix(16).elementsEqual(Self.format.utf8) else { return nil }
    let offset = Self.number(trailer[16..<24]), count = Self.number(trailer[24..<32])
    guard let offset, let count, count <= Self.mostIndexByteCount, offset <= indexEnd, indexEnd - offset == count,
      let index = read(at: offset, count)
    else {
      let place = offset.flatMap { offset in count.map { "\($0) bytes from \(offset) on" } } ?? "no numbers"
      throw .mismatch(
        file: path, "packed weights", expected: "an index that ends \(Self.trailerByteCount) bytes before \(size)",
        found: place)
    }
    guard index.withUnsafeBytes({ Self.hash($0) }).elementsEqual(trailer[32...]),
      let contents = Self.parse(index, partsEnd: offset)
    else {
      throw .mismatch(
        file: path, "packed weights", expected: "an index of the SHA-256 that stands behind it",
        found: "one of another")
    }
    return contents
  }

  /// Lines `source DEVICE INODE SIZE MODIFIED CHANGED PATH`, then `part HASH OFFSET SIZE CHECKSUM`, the last in hexadecimal.
  private static func parse(_ index: [UInt8], partsEnd: Int) -> Contents? {
    var contents = Contents()
    for line in String(decoding: index, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
      switch words.first {
      case "source":
        let numbers = words.dropFirst().prefix(5).compactMap { Int($0) }
        guard words.count == 7, numbers.count == 5 else { return nil }
        let identity = FileIdentity(
          device: numbers[0], inode: numbers[1], byteCount: numbers[2], modified: numbers[3], changed: numbers[4])
        contents.sources.append(PackedKey.Source(path: String(words[6]), identity: identity))
      case "part":
        guard words.count == 5, let offset = Int(words[2]), let byteCount = Int(words[3]), offset >= 0, byteCount > 0,
          let checksum = UInt64(words[4], radix: 16), offset % Int(MappedPages.pageByteCount) == 0, offset <= partsEnd,
          byteCount <= partsEnd - offset
        else { return nil }
        contents.parts.append((String(words[1]), offset, byteCount, checksum))
      default: return nil
      }
    }
    return contents.sources.isEmpty ? nil : contents
  }

  /// What stands behind the parts of a file.
  /// - offset: where the parts end.
  static func ending(_ contents: Contents, at offset: Int) -> [UInt8] {
    let sources = contents.sources.map { source in
      "source \(source.identity.numbers.map(String.init).joined(separator: " ")) \(source.path)\n"
    }
    let parts = contents.parts.map { part in
      "part \(part.hash) \(part.offset) \(part.byteCount) \(String(part.checksum, radix: 16))\n"
    }
    let index = Array((sources + parts).joined().utf8)
    return index + Array(format.utf8) + bytes(offset) + bytes(index.count) + index.withUnsafeBytes { hash($0) }
  }

  private static func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  private static func bytes(_ number: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt64(number).littleEndian, Array.init)
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    Int(exactly: bytes.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
  }

  private func read(at offset: Int, _ byteCount: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: byteCount), done = 0
    while done < byteCount {
      let count = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + done, byteCount - done, off_t(offset + done))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return nil }
      done += count
    }
    return bytes
  }

  /// Marks it as used now: of several the oldest go first.
  func touch() { futimens(descriptor, nil) }

  /// Tells the system that a part will be needed soon.
  func readAhead(_ part: Part) { posix_fadvise(descriptor, off_t(part.offset), off_t(part.byteCount), 3) }
}
