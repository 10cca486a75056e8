import COneiroKernel

/// An image in memory: the planes of its channels one after the other, each of some units of rows.
struct Planes {
  private let base: UnsafeMutableRawPointer?
  let count: Int
  private let unitByteCount: Int
  private let units: Int

  init(_ memory: UnsafeMutableRawBufferPointer, _ dims: [Int], units: Int) {
    (base, self.units) = (memory.baseAddress, units)
    count = dims.prefix(2).reduce(1, *)
    unitByteCount = memory.count / max(count * units, 1)
  }

  init(_ tensor: oneiro_tensor, units: Int) {
    self.init(
      UnsafeMutableRawBufferPointer(start: tensor.data, count: tensor.byte_count), tensor.dimsArray, units: units)
  }

  private func place(_ plane: Int, _ unit: Int) -> UnsafeMutableRawPointer {
    base! + (plane * units + unit) * unitByteCount
  }

  /// Fills units of every plane from those of other planes, where they begin at `start`.
  func copy(_ range: Range<Int>, from other: Planes, at start: Int) {
    for plane in 0..<count {
      place(plane, range.lowerBound).copyMemory(
        from: other.place(plane, start), byteCount: range.count * unitByteCount)
    }
  }

  func floats(of plane: Int, _ range: Range<Int>) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(
      start: place(plane, range.lowerBound).assumingMemoryBound(to: Float.self),
      count: range.count * unitByteCount / MemoryLayout<Float>.size)
  }
}
