import Glibc
import OneiroGraph

/// A file's bytes, read-only, without reading them: the system brings in a page when it is first touched. The mapping
/// ends with the object, so what borrows the bytes keeps it alive.
///
/// The size is taken once. Somebody who cuts the file short while it is mapped ends the process with SIGBUS, which is
/// why everything here that writes a file writes a new one and renames it.
public final class MappedFile: @unchecked Sendable {
  // Sendable: nothing writes to the mapping.
  public let path: String
  /// Valid as long as the object; see `withBytes`.
  public let bytes: UnsafeRawBufferPointer
  /// As it was when it was opened.
  private let identity: FileIdentity

  /// - Throws: when the file cannot be opened or mapped, or is no regular file (a folder, a pipe, a device).
  public convenience init(_ path: String) throws(GraphError) {
    // Without O_NONBLOCK, opening a pipe would wait for somebody to write to it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .invalid(file: path, nil, "cannot be opened: \(systemErrorText())") }
    defer { close(descriptor) }
    try self.init(descriptor: descriptor, path: path)
  }

  /// The file that is open as `descriptor`, which may be closed then.
  init(descriptor: Int32, path: String) throws(GraphError) {
    self.path = path
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .invalid(file: path, nil, "cannot be read: \(systemErrorText())")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let found = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "something else"
      throw .mismatch(file: path, nil, expected: "a regular file", found: found)
    }
    identity = FileIdentity(status)
    let byteCount = Int(status.st_size)
    // An empty file cannot be mapped.
    guard byteCount > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let base = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw .invalid(file: path, nil, "cannot be mapped (\(byteCount) bytes): \(systemErrorText())")
    }
    bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }

  /// Shows the bytes to `body` and keeps the mapping alive meanwhile, which a mere use of `bytes` does not.
  public func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws(GraphError) -> Result
  ) throws(GraphError) -> Result {
    try withExtendedLifetime(self) { () throws(GraphError) in try body(bytes) }
  }

  /// Lets the system take the pages of a part that begins a page; who touches them again has them brought in again.
  func giveBack(_ range: Range<Int>) {
    guard let base = bytes.baseAddress.map(UnsafeMutableRawPointer.init(mutating:)) else { return }
    madvise(base + range.lowerBound, range.count, MADV_DONTNEED)
  }

  /// Runs `body`, which looks at a few places far from each other: the system then brings in what is touched alone,
  /// where otherwise it would read ahead.
  package func readingHereAndThere<Result>(_ body: () -> Result) -> Result {
    guard let base = bytes.baseAddress.map(UnsafeMutableRawPointer.init(mutating:)) else { return body() }
    madvise(base, bytes.count, MADV_RANDOM)
    defer { madvise(base, bytes.count, MADV_NORMAL) }
    return withExtendedLifetime(self, body)
  }

  /// The part `range` as the memory of a tensor, not copied when elements of `alignment` bytes lie aligned in it.
  package func storage(_ range: Range<Int>, alignment: Int) -> ByteStorage {
    let part = UnsafeRawBufferPointer(rebasing: bytes[range])
    let filePart = ByteStorage.FilePart(path: path, identity: identity, offset: range.lowerBound)
    if let base = part.baseAddress, UInt(bitPattern: base) % UInt(alignment) == 0 {
      return ByteStorage(
        borrowing: base, byteCount: part.count, from: self, isMappedFile: true, mapping: bytes, filePart: filePart)
    }
    return ByteStorage(byteCount: part.count, copying: filePart) { $0.copyMemory(from: part) }
  }
}

/// What the last failed system call says.
func systemErrorText() -> String { String(cString: strerror(errno)) }
