import Foundation

/// The power spectral density of a signal by Welch's method (1967): Hann windows that overlap by half, each without its
/// mean; one-sided, in units squared per Hz.
public struct PowerSpectrum: Sendable {
  /// Of neighbouring bins, in Hz.
  public let resolution: Double
  /// From 0 Hz to half of the sampling rate.
  public let density: [Double]

  /// - length: of a window, a power of two.
  /// - Returns: `nil` for a signal shorter than a window, or one with values that are not finite throughout.
  public init?(_ samples: [Double], samplingRate: Double, length: Int) {
    precondition(length >= 2 && length & (length - 1) == 0)
    let transform = FourierTransform(count: length)
    let window = (0..<length).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(length)) }
    let scale = 1 / (samplingRate * window.reduce(0) { $0 + $1 * $1 })
    var sum = [Double](repeating: 0, count: length / 2 + 1), windows = 0
    for start in stride(from: 0, through: samples.count - length, by: length / 2) {
      let part = samples[start..<start + length]
      let mean = part.reduce(0, +) / Double(length)
      guard mean.isFinite else { continue }
      var real = zip(part, window).map { ($0 - mean) * $1 }
      var imaginary = [Double](repeating: 0, count: length)
      transform.forward(&real, &imaginary)
      for bin in 0...length / 2 {
        let power = real[bin] * real[bin] + imaginary[bin] * imaginary[bin]
        sum[bin] += power * (bin == 0 || bin == length / 2 ? scale : 2 * scale)
      }
      windows += 1
    }
    guard windows > 0 else { return nil }
    resolution = samplingRate / Double(length)
    density = sum.map { $0 / Double(windows) }
  }

  /// The power in a band, in units squared.
  public func power(from low: Double, to high: Double) -> Double {
    density.enumerated().reduce(0) { sum, bin in
      let frequency = Double(bin.offset) * resolution
      return frequency >= low && frequency < high ? sum + bin.element * resolution : sum
    }
  }
}
