import Glibc

/// Bytes aligned to a cache line, freed with their last owner.
final class AlignedMemory: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  static let alignment = 64
  private static let hugePage = 1 << 21

  init(byteCount: Int) throws(KernelError) {
    let isLarge = byteCount >= Self.hugePage
    var found: UnsafeMutableRawPointer?
    guard posix_memalign(&found, isLarge ? Self.hugePage : Self.alignment, max(byteCount, 1)) == 0, let found else {
      throw .outOfMemory(byteCount: byteCount)
    }
    // Gigabytes of packed weights are there sooner in pages of 2 MiB than of 4 KiB.
    if isLarge { madvise(found, byteCount, MADV_HUGEPAGE) }
    pointer = found
  }

  convenience init(floats: [Float]) throws(KernelError) {
    try self.init(byteCount: floats.count * MemoryLayout<Float>.size)
    pointer.initializeMemory(as: Float.self, from: floats, count: floats.count)
  }

  deinit { free(pointer) }

  static func roundedUp(_ byteCount: Int) -> Int { (byteCount + alignment - 1) / alignment * alignment }
}
