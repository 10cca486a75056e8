import OneiroGraph

/// Places blocks that live for a range of steps into one stretch of memory, so that blocks alive together do not
/// overlap.
struct ArenaLayout {
  struct Block {
    let byteCount: Int
    /// First and last step of its life.
    let live: ClosedRange<Int>
  }

  let offsets: [Int]
  let byteCount: Int

  /// Processors of today translate addresses of 57 bits at most, half of them the program's. Shapes come from files:
  /// what lies above is refused, so that no sum overflows.
  static let largestByteCount = 1 << 56

  /// Each block at the lowest offset that is free during its whole life, in the order of three that comes to the least:
  /// largest first, which is close to the best that liveness allows for the nested lives of a U-Net's skip connections;
  /// longest lives of the largest first; and as the steps come, which suits chains of blocks of many sizes.
  /// `nil` when they take more than `largestByteCount`.
  init?(_ blocks: [Block]) {
    let size = { (index: Int) in blocks[index].byteCount }, life = { (index: Int) in blocks[index].live }
    // In floating point, which does not overflow.
    let area = { (index: Int) in Double(size(index)) * Double(life(index).count) }
    let candidates = [
      Self.place(blocks, blocks.indices.sorted { (size($1), $0) < (size($0), $1) }),
      Self.place(blocks, blocks.indices.sorted { (area($1), $0) < (area($0), $1) }),
      Self.place(blocks, blocks.indices.sorted { (life($0).lowerBound, $0) < (life($1).lowerBound, $1) }),
    ].compactMap { $0 }
    // Of equal ones the first.
    guard let best = candidates.min(by: { $0.top < $1.top }) else { return nil }
    (offsets, byteCount) = best
  }

  private static func place(_ blocks: [Block], _ order: [Int]) -> (offsets: [Int], top: Int)? {
    var offsets = [Int](repeating: 0, count: blocks.count)
    var placed: [(offset: Int, end: Int, live: ClosedRange<Int>)] = []
    var top = 0
    for index in order where blocks[index].byteCount > 0 {
      let block = blocks[index]
      guard block.byteCount <= largestByteCount else { return nil }
      let size = aligned(block.byteCount)
      var offset = 0
      // `placed` is kept in order of offset.
      for other in placed where other.live.overlaps(block.live) {
        if offset + size <= other.offset { break }
        offset = max(offset, other.end)
      }
      guard offset <= largestByteCount else { return nil }
      offsets[index] = offset
      let position = placed.firstIndex { $0.offset > offset } ?? placed.count
      placed.insert((offset, offset + size, block.live), at: position)
      top = max(top, offset + size)
    }
    return (offsets, top)
  }

  static func aligned(_ count: Int) -> Int {
    (count + ByteStorage.alignment - 1) / ByteStorage.alignment * ByteStorage.alignment
  }
}
