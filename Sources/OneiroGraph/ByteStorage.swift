import Glibc

/// Bytes that never change once made: allocated here, or borrowed from an owner (a mapped file) that stays alive with
/// them. Owned memory is aligned to 64 bytes, a cache line and the widest vector.
public final class ByteStorage: @unchecked Sendable {
  // Sendable: the bytes are written by the initializer alone and only read afterwards.
  public let base: UnsafeRawPointer
  public let byteCount: Int
  private let owner: AnyObject?
  private let isAllocated: Bool

  public static let alignment = 64

  /// Memory of `byteCount` bytes, which `fill` writes.
  public init<E: Error>(byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
    precondition(byteCount >= 0)
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, Self.alignment, max(byteCount, 1)) == 0, let memory else {
      fatalError("out of memory: \(byteCount) bytes")
    }
    do {
      try fill(UnsafeMutableRawBufferPointer(start: memory, count: byteCount))
    } catch {
      free(memory)
      throw error
    }
    base = UnsafeRawPointer(memory)
    self.byteCount = byteCount
    owner = nil
    isAllocated = true
  }

  /// Memory that belongs to `owner`, which is kept alive.
  public init(borrowing base: UnsafeRawPointer, byteCount: Int, from owner: AnyObject) {
    self.base = base
    self.byteCount = byteCount
    self.owner = owner
    isAllocated = false
  }

  deinit {
    if isAllocated { free(UnsafeMutableRawPointer(mutating: base)) }
  }

  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
}
