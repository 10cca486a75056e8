import CMalloc

/// The heap of the process.
enum HeapMemory {
  /// Bytes that are allocated, those in pages of their own included.
  static var usedByteCount: Int {
    let info = mallinfo2()
    return Int(info.uordblks) + Int(info.hblkhd)
  }

  /// Gives back what is free, and lets large blocks have pages of their own from now on, so that what is freed leaves
  /// memory at once.
  static func giveBack() {
    mallopt(M_MMAP_THRESHOLD, 1 << 20)
    malloc_trim(0)
  }
}
