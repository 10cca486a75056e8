import OneiroGraph

extension ExecutionPlan {
  /// For each step the most bytes of the arena that are in memory once it has run: all that has been touched until then, in
  /// large pages, which come as a whole and may begin anywhere.
  public var touchedByteCounts: [Int] {
    var touched = RangeSet<Int>(), next = values.sorted { $0.live.lowerBound < $1.live.lowerBound }[...]
    func touch(_ offset: Int, _ byteCount: Int) {
      guard byteCount > 0 else { return }
      let pages = offset - (LargePages.size - 1)..<offset + byteCount + (LargePages.size - 1)
      touched.insert(contentsOf: pages.clamped(to: 0..<arenaByteCount))
    }
    return steps.indices.map { index in
      while let value = next.first, value.live.lowerBound <= index {
        touch(value.offset, value.byteCount)
        next.removeFirst()
      }
      touch(steps[index].workspaceOffset, steps[index].kernel.workspaceByteCount)
      return touched.ranges.reduce(0) { $0 + $1.count }
    }
  }
}
