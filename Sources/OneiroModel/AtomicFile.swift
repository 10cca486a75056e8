import Glibc
import OneiroGraph

/// A file that appears under its name only when it is complete: written without a name in the same folder, flushed to
/// the disk, named. What was there before stays until then, and nothing is left behind when something fails, or when
/// the process is killed. Where the file system knows no files without names, it is written under another name.
package struct AtomicFile: ~Copyable {
  package let path: String
  /// The other name, while it has one.
  private var temporaryPath: String?
  package private(set) var descriptor: Int32
  /// Small writes are gathered here.
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 16
  /// Bytes written so far.
  package private(set) var byteCount = 0

  package init(_ path: String) throws(GraphError) {
    self.path = path
    descriptor = open(ModelReader.folder(of: path), O_RDWR | O_CLOEXEC | Self.withoutName, 0o666)
    guard descriptor < 0 else { return }
    var template = Array("\(path).XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw .invalid(file: path, nil, "cannot be written: \(systemErrorText())") }
    temporaryPath = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    // mkstemp makes files for the owner alone; others get what the umask leaves them, as with any new file.
    let mask = umask(0)
    umask(mask)
    fchmod(descriptor, 0o666 & ~mask)
  }

  /// O_TMPFILE, a macro that Swift does not see.
  private static let withoutName = 0o20_000_000 | O_DIRECTORY

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
    if let temporaryPath { unlink(temporaryPath) }
  }

  package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(GraphError) {
    byteCount += bytes.count
    if buffer.count + bytes.count <= Self.bufferSize {
      buffer.append(contentsOf: bytes)
      return
    }
    try flush()
    try send(bytes)
  }

  package mutating func write(_ bytes: [UInt8]) throws(GraphError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(GraphError) in try write(UnsafeRawBufferPointer(buffer)) }
  }

  /// Gives the file its name.
  package consuming func commit() throws(GraphError) {
    if descriptor >= 0 { try close() }
    guard let temporaryPath, rename(temporaryPath, path) == 0 else { throw failure() }
    self.temporaryPath = nil
  }

  /// Ends writing: all is on the disk, under another name, so that little can still fail when the file gets its own. A
  /// process that is killed before that leaves it there.
  package mutating func close() throws(GraphError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw failure() }
    // A link takes no name that is in use, so the file gets another one first.
    if temporaryPath == nil { try link() }
    Glibc.close(descriptor)
    descriptor = -1
  }

  private mutating func link() throws(GraphError) {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<100 {
      let name = "\(path).\(String(random.next(), radix: 36))"
      if linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 {
        temporaryPath = name
        return
      }
      guard errno == EEXIST else { break }
    }
    throw failure()
  }

  /// Hands what is gathered to the system, so that it can be read by `descriptor`.
  package mutating func flush() throws(GraphError) {
    let pending = buffer
    buffer.removeAll(keepingCapacity: true)
    try pending.withUnsafeBufferPointer { (bytes) throws(GraphError) in try send(UnsafeRawBufferPointer(bytes)) }
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws(GraphError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let written = Glibc.write(descriptor, part.baseAddress, part.count)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw failure() }
      rest = rest.dropFirst(written)
    }
  }

  private func failure() -> GraphError { .invalid(file: path, nil, "cannot be written: \(systemErrorText())") }

  /// A file of `bytes`, still without its name.
  package static func holding(_ bytes: [UInt8], at path: String) throws(GraphError) -> AtomicFile {
    var file = try AtomicFile(path)
    try file.write(bytes)
    return file
  }

  /// Writes `bytes` as the whole file.
  package static func write(_ bytes: [UInt8], to path: String) throws(GraphError) {
    try holding(bytes, at: path).commit()
  }
}
