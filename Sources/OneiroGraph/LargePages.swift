import Glibc

/// Pages of 2 MiB in place of 4 KiB. Filling new memory costs mostly page faults, and walking through much of it
/// translations of addresses.
public enum LargePages {
  public static let size = 2 << 20

  /// Memory of zeros in pages of its own, which go back to the system at once when it is freed; `nil` when there is none.
  public static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let memory = mmap(nil, max(byteCount, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { return nil }
    request(memory, byteCount)
    return memory
  }

  /// - byteCount: as it was asked for.
  public static func free(_ memory: UnsafeMutableRawPointer, _ byteCount: Int) { munmap(memory, max(byteCount, 1)) }

  /// Gives the whole pages of a part back to the system; what was in them is zeros when they are next touched.
  public static func giveBack(_ memory: UnsafeMutableRawPointer, _ byteCount: Int) {
    let page = UInt(sysconf(Int32(_SC_PAGESIZE))), begin = UInt(bitPattern: memory)
    let first = (begin + page - 1) / page * page, end = (begin + UInt(byteCount)) / page * page
    guard first < end else { return }
    madvise(memory + Int(first - begin), Int(end - first), MADV_DONTNEED)
  }

  /// Asks for large pages in `byteCount` bytes that nobody has touched yet; the system need not follow.
  public static func request(_ memory: UnsafeMutableRawPointer, _ byteCount: Int) {
    guard byteCount >= 2 * size else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let skipped = (page - Int(bitPattern: memory) % page) % page
    madvise(memory + skipped, byteCount - skipped, MADV_HUGEPAGE)
  }
}
