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

  convenience init(floats: [Float]) throws(KernelError) {
    try self.init(byteCount: floats.count * MemoryLayout<Float>.size)
    pointer.initializeMemory(as: Float.self, from: floats, count: floats.count)
  }

  deinit { free(pointer) }

  static func roundedUp(_ byteCount: Int) -> Int { (byteCount + alignment - 1) / alignment * alignment }
}
