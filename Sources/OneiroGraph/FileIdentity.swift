import Glibc

/// Tells a file, as it is now, from all others and from what it was or will be: whoever writes to it or puts another one
/// in its place changes one of these numbers.
public struct FileIdentity: Hashable, Sendable {
  public let device: Int
  public let inode: Int
  public let byteCount: Int
  /// Of the contents, in ns since 1970.
  public let modified: Int
  /// Of contents, name or owner, in ns since 1970; nobody can set it.
  public let changed: Int

  public init(_ status: stat) {
    func nanoseconds(_ time: timespec) -> Int { time.tv_sec &* 1_000_000_000 &+ time.tv_nsec }
    device = Int(truncatingIfNeeded: status.st_dev)
    inode = Int(truncatingIfNeeded: status.st_ino)
    byteCount = Int(status.st_size)
    modified = nanoseconds(status.st_mtim)
    changed = nanoseconds(status.st_ctim)
  }

  /// The file at `path`; `nil` when there is none.
  public init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  public init(device: Int, inode: Int, byteCount: Int, modified: Int, changed: Int) {
    (self.device, self.inode, self.byteCount) = (device, inode, byteCount)
    (self.modified, self.changed) = (modified, changed)
  }

  /// The five numbers, in the order of the properties.
  public var numbers: [Int] { [device, inode, byteCount, modified, changed] }
}
