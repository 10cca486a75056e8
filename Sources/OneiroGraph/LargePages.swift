import Glibc

/// Pages of 2 MiB in place of 4 KiB. Filling new memory costs mostly page faults, and walking through much of it
/// translations of addresses.
public enum LargePages {
  public static let size = 2 << 20

  /// Asks for large pages in `byteCount` bytes that nobody has touched yet; the system need not follow.
  public static func request(_ memory: UnsafeMutableRawPointer, _ byteCount: Int) {
    guard byteCount >= 2 * size else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let skipped = (page - Int(bitPattern: memory) % page) % page
    madvise(memory + skipped, byteCount - skipped, MADV_HUGEPAGE)
  }
}
