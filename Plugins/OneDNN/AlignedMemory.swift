import Glibc

/// Bytes aligned to a cache line, freed with their last owner.
final class AlignedMemory: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  static let alignment = 64

  init(byteCount: Int) throws(KernelError) {
    var found: UnsafeMutableRawPointer?
    guard posix_memalign(&found, Self.alignment, max(byteCount, 1)) == 0, let found else {
      throw .outOfMemory(byteCount: byteCount)
    }
    pointer = found
  }

  deinit { free(pointer) }

  static func roundedUp(_ byteCount: Int) -> Int { (byteCount + alignment - 1) / alignment * alignment }
}
