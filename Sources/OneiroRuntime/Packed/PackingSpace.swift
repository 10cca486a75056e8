import COneiroKernel
import OneiroGraph
import Synchronization

/// Memory that kernels pack constants into one after the other, each of which is released before the next is prepared.
/// Pages that stay in memory between them need not be cleared anew: without it that is a tenth of the time of a graph
/// whose weights do not fit.
package final class PackingSpace: @unchecked Sendable {
  // Sendable: who has entered is alone in it.
  private let base: UnsafeMutableRawPointer
  private let byteCount: Int
  private let isTaken = Atomic(false)
  /// From the beginning on, of what has been given out since `enter`.
  private var usedByteCount = 0
  /// From the beginning on, what may be in memory.
  private var touchedByteCount = 0

  /// - byteCount: for one kernel.
  /// - Returns: `nil` when there is no memory. None is in use before it is touched.
  package init?(byteCount: Int) {
    guard let memory = LargePages.allocate(byteCount) else { return nil }
    (base, self.byteCount) = (memory, byteCount)
  }

  deinit { LargePages.free(base, byteCount) }

  /// Begins with a kernel.
  /// - keeping: bytes that may stay in memory.
  /// - Returns: whether nobody else is in it.
  package func enter(keeping byteCount: Int) -> Bool {
    guard !isTaken.exchange(true, ordering: .acquiring) else { return false }
    usedByteCount = 0
    keep(byteCount)
    return true
  }

  /// Ends with a kernel, which is not used afterwards.
  package func leave(keeping byteCount: Int) {
    keep(byteCount)
    isTaken.store(false, ordering: .releasing)
  }

  private func keep(_ byteCount: Int) {
    let kept = max(byteCount, 0) / LargePages.size * LargePages.size
    guard kept < touchedByteCount else { return }
    LargePages.giveBack(base + kept, touchedByteCount - kept)
    touchedByteCount = kept
  }

  /// Lets a kernel that is being prepared ask, while this has been entered.
  package func offer(to call: inout oneiro_call) {
    call.packed_context = Unmanaged.passUnretained(self).toOpaque()
    call.packed_memory = { context, _, byteCount, isFilled in
      isFilled?.pointee = 0
      return context.flatMap { Unmanaged<PackingSpace>.fromOpaque($0).takeUnretainedValue().take(byteCount) }
    }
  }

  /// - Returns: `nil` when there is not so much left; a kernel's own memory is as good.
  private func take(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let start = (usedByteCount + 63) / 64 * 64
    guard byteCount > 0, start <= self.byteCount, byteCount <= self.byteCount - start else { return nil }
    usedByteCount = start + byteCount
    let touched = (usedByteCount + LargePages.size - 1) / LargePages.size * LargePages.size
    touchedByteCount = max(touchedByteCount, min(touched, self.byteCount))
    return base + start
  }
}

/// What a kernel may leave in memory of a `PackingSpace`.
struct PackingRoom {
  let space: PackingSpace
  /// Bytes beside which the kernel's own step has room.
  let before: Int
  /// Bytes beside which the steps have room that come between it and the next kernel that packs.
  let after: Int
}
