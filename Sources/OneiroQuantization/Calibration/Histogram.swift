/// How often numbers of each size have come, in memory that does not grow: when a number lies outside, the range
/// doubles and neighbouring bins become one.
public struct Histogram: Sendable {
  public static let binCount = 2048
  /// The bins divide -limit ... limit evenly; 0 before the first number that is not zero.
  public private(set) var limit: Float = 0
  public private(set) var bins = [Int](repeating: 0, count: binCount)
  public private(set) var low: Float = .infinity
  public private(set) var high: Float = -.infinity
  public private(set) var count = 0

  public init() {}

  /// The largest limit: past it the bins' places are not finite.
  private static let mostLimit = Float.greatestFiniteMagnitude / 4

  /// Whether bytes can stand for what was seen: numbers that all lie in the bins, and whose 256 levels are apart.
  public var isInRange: Bool {
    let largest = max(-low, high)
    guard largest > 0 else { return true }
    return largest <= Self.mostLimit && largest / 255 >= .leastNormalMagnitude
  }

  public var width: Float { 2 * limit / Float(Self.binCount) }
  /// The middle of a bin.
  public func center(_ bin: Int) -> Float { (Float(bin) + 0.5) * width - limit }

  /// - values: finite.
  public mutating func add(_ values: UnsafeBufferPointer<Float>) {
    guard !values.isEmpty else { return }
    var smallest = Float.infinity, largest = -Float.infinity
    for value in values {
      smallest = min(smallest, value)
      largest = max(largest, value)
    }
    (low, high) = (min(low, smallest), max(high, largest))
    count += values.count
    grow(to: max(-smallest, largest))
    guard limit > 0 else {
      bins[Self.binCount / 2] += values.count
      return
    }
    let scale = 1 / width, last = Float(Self.binCount - 1)
    bins.withUnsafeMutableBufferPointer { bins in
      for value in values { bins[Int(min(max((value + limit) * scale, 0), last))] += 1 }
    }
  }

  private mutating func grow(to magnitude: Float) {
    guard magnitude > limit else { return }
    guard limit > 0 else {
      // Zeros alone have come so far; they lie in the middle whatever the limit.
      limit = min(max(magnitude, .leastNormalMagnitude * Float(Self.binCount)), Self.mostLimit)
      return
    }
    while limit < magnitude, limit < Self.mostLimit {
      var wider = [Int](repeating: 0, count: Self.binCount)
      for (bin, count) in bins.enumerated() { wider[Self.binCount / 4 + bin / 2] += count }
      bins = wider
      limit *= 2
    }
  }
}
