import OneiroDream
import OneiroPicture

/// How alike two pictures of one size are, from their levels 0 ... 255 alone.
public enum PictureMetric: String, Sendable, CaseIterable {
  /// The mean squared difference of levels.
  case mse
  /// Pearson's correlation of all levels of all channels.
  case pcc
  /// Structural similarity; see `StructuralSimilarity`.
  case ssim

  public var isBetterWhenLarger: Bool { self != .mse }

  /// NaN for pictures that are too small for it.
  public func value(_ one: Picture, _ other: Picture) -> Double {
    precondition((one.width, one.height) == (other.width, other.height), "pictures of two sizes")
    return switch self {
    case .mse: Self.meanSquaredError(one.pixels, other.pixels)
    case .pcc: Self.correlation(one.pixels, other.pixels)
    case .ssim: StructuralSimilarity.value(one, other)
    }
  }

  static func meanSquaredError(_ one: [UInt8], _ other: [UInt8]) -> Double {
    guard !one.isEmpty else { return .nan }
    var sum: Int64 = 0
    one.withUnsafeBufferPointer { one in
      other.withUnsafeBufferPointer { other in
        for index in one.indices {
          let difference = Int64(one[index]) &- Int64(other[index])
          sum &+= difference &* difference
        }
      }
    }
    return Double(sum) / Double(one.count)
  }

  /// A picture of one level is like nothing: 0.
  static func correlation(_ one: [UInt8], _ other: [UInt8]) -> Double {
    var (sumX, sumY, sumXX, sumYY, sumXY): (Int64, Int64, Int64, Int64, Int64) = (0, 0, 0, 0, 0)
    one.withUnsafeBufferPointer { one in
      other.withUnsafeBufferPointer { other in
        for index in one.indices {
          let x = Int64(one[index]), y = Int64(other[index])
          sumX &+= x
          sumY &+= y
          sumXX &+= x &* x
          sumYY &+= y &* y
          sumXY &+= x &* y
        }
      }
    }
    let count = Double(one.count)
    let (x, y) = (Double(sumX), Double(sumY))
    let varianceX = Double(sumXX) - x * x / count, varianceY = Double(sumYY) - y * y / count
    guard varianceX > 0, varianceY > 0 else { return 0 }
    return (Double(sumXY) - x * y / count) / (varianceX * varianceY).squareRoot()
  }
}
