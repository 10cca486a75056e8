import Glibc
import OneiroGraph

/// A file that appears under its name only when it is complete: written under another name in the same folder, flushed to
/// the disk, renamed. What was there before stays until then, and nothing is left behind when something fails.
package struct AtomicFile: ~Copyable {
  private let path: String
  private let temporaryPath: String
  private var descriptor: Int32
  /// Small writes are gathered here.
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 16
  /// Bytes written so far.
  private(set) var byteCount = 0

  init(_ path: String) throws(GraphError) {
    self.path = path
    var template = Array("\(path).XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    temporaryPath = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    guard descriptor >= 0 else { throw .invalid(file: path, nil, "cannot be written: \(systemErrorText())") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    // mkstemp makes files for the owner alone; others get what the umask leaves them, as with any new file.
    let mask = umask(0)
    umask(mask)
    fchmod(descriptor, 0o666 & ~mask)
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath)
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(GraphError) {
    byteCount += bytes.count
    if buffer.count + bytes.count <= Self.bufferSize {
      buffer.append(contentsOf: bytes)
      return
    }
    try flush()
    try send(bytes)
  }

  mutating func write(_ bytes: [UInt8]) throws(GraphError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(GraphError) in try write(UnsafeRawBufferPointer(buffer)) }
  }

  /// Gives the file its name.
  consuming func commit() throws(GraphError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw failure() }
    guard rename(temporaryPath, path) == 0 else { throw failure() }
    close(descriptor)
    descriptor = -1
  }

  private mutating func flush() throws(GraphError) {
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

  /// Writes `bytes` as the whole file.
  package static func write(_ bytes: [UInt8], to path: String) throws(GraphError) {
    var file = try AtomicFile(path)
    try file.write(bytes)
    try file.commit()
  }
}
