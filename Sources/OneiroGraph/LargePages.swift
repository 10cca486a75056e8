import Glibc

/// Pages of 2 MiB in place of 4 KiB. Filling new memory costs mostly page faults, and walking through much of it
/// translations of addresses.
public enum LargePages {
  public static let size = 2 << 20
  /// Memory of this size and more gets large pages, from its beginning on, as many as it has whole ones.
  public static let smallest = 2 * size

  /// Memory of zeros in pages of its own, which go back to the system at once when it is freed; `nil` when there is none.
  public static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard byteCount >= smallest else { return map(max(byteCount, 1)) }
    // With room to begin where a large page does.
    let (roomByteCount, overflows) = byteCount.addingReportingOverflow(size)
    guard !overflows, let room = map(roomByteCount) else { return nil }
    let memory = room.alignedUp(toMultipleOf: size), page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let end = (memory + byteCount).alignedUp(toMultipleOf: page)
    let roomEnd = (room + roomByteCount).alignedUp(toMultipleOf: page)
    if room < memory { munmap(room, memory - room) }
    if end < roomEnd { munmap(end, roomEnd - end) }
    // Not of the rest, which might become one page with what somebody else maps behind it.
    madvise(memory, byteCount / size * size, MADV_HUGEPAGE)
    return memory
  }

  private static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return memory == MAP_FAILED ? nil : memory
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
}
