import OneiroGraph

/// Places blocks that live for a range of steps into one stretch of memory, so that blocks alive together do not overlap.
struct ArenaLayout {
  struct Block {
    let byteCount: Int
    /// First and last step of its life.
    let live: ClosedRange<Int>
  }

  let offsets: [Int]
  let byteCount: Int

  /// Processors of today translate addresses of 57 bits at most, half of them the program's. Shapes come from files: what
  /// lies above is refused, so that no sum overflows.
  static let largestByteCount = 1 << 56

  /// Largest blocks first, each at the lowest offset that is free during its whole life: simple, and close to the best
  /// that liveness allows for the nested lives of a U-Net's skip connections.
  /// `nil` when they take more than `largestByteCount`.
  init?(_ blocks: [Block]) {
    var offsets = [Int](repeating: 0, count: blocks.count)
    var placed: [(offset: Int, end: Int, live: ClosedRange<Int>)] = []
    var top = 0
    let order = blocks.indices.sorted { (blocks[$1].byteCount, $0) < (blocks[$0].byteCount, $1) }
    for index in order where blocks[index].byteCount > 0 {
      let block = blocks[index]
      guard block.byteCount <= Self.largestByteCount else { return nil }
      let size = Self.aligned(block.byteCount)
      var offset = 0
      // `placed` is kept in order of offset.
      for other in placed where other.live.overlaps(block.live) {
        if offset + size <= other.offset { break }
        offset = max(offset, other.end)
      }
      guard offset <= Self.largestByteCount else { return nil }
      offsets[index] = offset
      let position = placed.firstIndex { $0.offset > offset } ?? placed.count
      placed.insert((offset, offset + size, block.live), at: position)
      top = max(top, offset + size)
    }
    self.offsets = offsets
    byteCount = top
  }

  static func aligned(_ count: Int) -> Int {
    (count + ByteStorage.alignment - 1) / ByteStorage.alignment * ByteStorage.alignment
  }
}
