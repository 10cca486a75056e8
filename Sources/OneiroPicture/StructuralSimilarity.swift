/// Structural similarity (Wang and others 2004) with the constants that scikit-image has by default:
///
///     (2 mean(x) mean(y) + C1) (2 cov(x, y) + C2) / ((mean(x)² + mean(y)² + C1) (var(x) + var(y) + C2))
///
/// in uniform windows of 7 x 7 pixels, with sample variances (divided by 48), C1 = (0.01 · 255)², C2 = (0.03 · 255)²;
/// the mean over all windows that lie inside the picture, and over the channels.
public enum StructuralSimilarity {
  static let window = 7

  /// Pictures of one size; NaN for those without room for a window.
  public static func value(_ one: Picture, _ other: Picture) -> Double {
    let (width, height) = (one.width, one.height)
    guard width >= window, height >= window else { return .nan }
    var total = 0.0
    // Per column, over the rows of the window: sums of x, y, x², y², xy. Whole numbers, so nothing is lost as it
    // slides.
    var columns = [SIMD8<Int32>](repeating: .zero, count: width)
    one.pixels.withUnsafeBufferPointer { x in
      other.pixels.withUnsafeBufferPointer { y in
        columns.withUnsafeMutableBufferPointer { columns in
          for channel in 0..<3 {
            for column in columns.indices { columns[column] = .zero }
            for row in 0..<height {
              for column in 0..<width {
                let index = (row * width + column) * 3 + channel
                columns[column] &+= moments(x[index], y[index])
                if row >= window {
                  let gone = index - window * width * 3
                  columns[column] &-= moments(x[gone], y[gone])
                }
              }
              guard row >= window - 1 else { continue }
              var sums = SIMD8<Int32>.zero
              for column in 0..<width {
                sums &+= columns[column]
                if column >= window { sums &-= columns[column - window] }
                if column >= window - 1 { total += similarity(sums) }
              }
            }
          }
        }
      }
    }
    return total / Double(3 * (width - window + 1) * (height - window + 1))
  }

  @inline(__always) private static func moments(_ x: UInt8, _ y: UInt8) -> SIMD8<Int32> {
    let (x, y) = (Int32(x), Int32(y))
    return SIMD8(x, y, x &* x, y &* y, x &* y, 0, 0, 0)
  }

  @inline(__always) private static func similarity(_ sums: SIMD8<Int32>) -> Double {
    let count = Double(window * window)
    let meanX = Double(sums[0]) / count, meanY = Double(sums[1]) / count
    let sample = count / (count - 1)
    let varianceX = sample * (Double(sums[2]) / count - meanX * meanX)
    let varianceY = sample * (Double(sums[3]) / count - meanY * meanY)
    let covariance = sample * (Double(sums[4]) / count - meanX * meanY)
    let c1 = 6.5025, c2 = 58.5225
    return (2 * meanX * meanY + c1) * (2 * covariance + c2)
      / ((meanX * meanX + meanY * meanY + c1) * (varianceX + varianceY + c2))
  }
}
