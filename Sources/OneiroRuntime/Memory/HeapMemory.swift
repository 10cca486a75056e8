import CMalloc

/// The heap of the process.
enum HeapMemory {
  /// How many bytes less are in use after some work that frees memory.
  /// - hasLarge: whether it may free blocks that are aligned as large pages, of which pages at their ends are never
  ///   touched.
  static func freed(hasLarge: Bool, by work: () -> Void) -> Int {
    let before = mallinfo2(), touched = hasLarge ? ProcessMemory.anonymousByteCount : nil
    work()
    let after = mallinfo2(), inPages = max(Int(before.hblkhd) - Int(after.hblkhd), 0)
    let gone = touched.flatMap { before in ProcessMemory.anonymousByteCount.map { max(before - $0, 0) } } ?? inPages
    return max(Int(before.uordblks) - Int(after.uordblks), 0) + min(gone, inPages)
  }

  /// Gives back what is free, and lets blocks that are not small have pages of their own from now on, so that what is
  /// freed leaves memory at once, whatever lies beside it.
  static func giveBack() {
    mallopt(M_MMAP_THRESHOLD, 1 << 16)
    malloc_trim(0)
  }
}
