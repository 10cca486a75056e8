import Glibc

/// SSIM of two pictures of one size (Wang, Bovik, Sheikh, Simoncelli 2004): means, variances and covariance of the luma
/// under a Gaussian window of 11 x 11 pixels with a deviation of 1.5, which stays inside the picture; 1 for equal ones.
public struct StructuralSimilarity: Sendable, Equatable {
  public let mean: Double

  private static let weights: [Double] = {
    let raw = (-5...5).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
    return raw.map { $0 / raw.reduce(0, +) }
  }()

  public init(_ one: Picture, _ other: Picture) throws(DreamError) {
    guard (one.width, one.height) == (other.width, other.height) else {
      throw .mismatch(
        at: "picture", expected: "\(one.width) x \(one.height) pixels", found: "\(other.width) x \(other.height)")
    }
    guard min(one.width, one.height) >= Self.weights.count else {
      // No window fits: all there is to say is whether they are the same.
      mean = one == other ? 1 : 0
      return
    }
    let x = Self.luma(one), y = Self.luma(other)
    func blurred(_ plane: [Double]) -> [Double] { Self.blurred(plane, width: one.width, height: one.height) }
    let meanX = blurred(x), meanY = blurred(y)
    let squareX = blurred(zip(x, x).map(*)), squareY = blurred(zip(y, y).map(*)), product = blurred(zip(x, y).map(*))
    let c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255
    var sum = 0.0
    for index in meanX.indices {
      let mx = meanX[index], my = meanY[index]
      let varianceX = squareX[index] - mx * mx, varianceY = squareY[index] - my * my
      let covariance = product[index] - mx * my
      sum +=
        (2 * mx * my + c1) * (2 * covariance + c2)
        / ((mx * mx + my * my + c1) * (varianceX + varianceY + c2))
    }
    mean = sum / Double(meanX.count)
  }

  /// ITU-R BT.601.
  private static func luma(_ picture: Picture) -> [Double] {
    (0..<picture.width * picture.height).map { index in
      let pixel = picture.pixels[3 * index..<3 * index + 3].map(Double.init)
      return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]
    }
  }

  /// Rows, then columns; only where the whole window lies inside.
  private static func blurred(_ plane: [Double], width: Int, height: Int) -> [Double] {
    let size = weights.count, narrow = width - size + 1, low = height - size + 1
    var rows = [Double](repeating: 0, count: narrow * height)
    for y in 0..<height {
      for x in 0..<narrow {
        for tap in 0..<size { rows[y * narrow + x] += weights[tap] * plane[y * width + x + tap] }
      }
    }
    var result = [Double](repeating: 0, count: narrow * low)
    for y in 0..<low {
      for x in 0..<narrow {
        for tap in 0..<size { result[y * narrow + x] += weights[tap] * rows[(y + tap) * narrow + x] }
      }
    }
    return result
  }
}
