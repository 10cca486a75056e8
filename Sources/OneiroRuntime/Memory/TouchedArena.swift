import OneiroGraph

extension ExecutionPlan {
  /// For each step the most bytes of the arena that are in memory once it has run: all that has been touched until then, in
  /// whole pages, large ones where the system may make them.
  public var touchedByteCounts: [Int] {
    var touched = RangeSet<Int>(), next = values.sorted { $0.live.lowerBound < $1.live.lowerBound }[...]
    let small = Int(MappedPages.pageByteCount)
    let largeEnd = arenaByteCount < LargePages.smallest ? 0 : arenaByteCount / LargePages.size * LargePages.size
    func touch(_ offset: Int, _ byteCount: Int) {
      guard byteCount > 0 else { return }
      let first = offset < largeEnd ? LargePages.size : small, end = offset + byteCount
      let last = end <= largeEnd ? LargePages.size : small
      let pages = offset / first * first..<(end + last - 1) / last * last
      touched.insert(contentsOf: pages)
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
