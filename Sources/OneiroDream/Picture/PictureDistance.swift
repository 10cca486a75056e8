import Glibc
import OneiroPicture

/// How far two pictures of one size are apart.
public struct PictureDistance: Sendable, Equatable {
  /// The root of the mean squared difference of all levels, 0 ... 255.
  public let rmse: Double
  /// The peak signal-to-noise ratio in decibels, 20 log10(255 / rmse); infinite for equal pictures.
  public var psnr: Double { rmse == 0 ? .infinity : 20 * log10(255 / rmse) }

  init(rmse: Double) { self.rmse = rmse }

  public init(_ one: Picture, _ other: Picture) throws(DreamError) {
    guard (one.width, one.height) == (other.width, other.height) else {
      throw .mismatch(
        at: "picture", expected: "\(one.width) x \(one.height) pixels", found: "\(other.width) x \(other.height)")
    }
    var sum = 0
    for (a, b) in zip(one.pixels, other.pixels) { sum += (Int(a) - Int(b)) * (Int(a) - Int(b)) }
    rmse = one.pixels.isEmpty ? 0 : (Double(sum) / Double(one.pixels.count)).squareRoot()
  }
}
