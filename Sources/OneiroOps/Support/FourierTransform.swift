import Glibc
import OneiroGraph

/// The discrete Fourier transform of one length, by its definition: right before it is fast.
struct FourierTransform {
  let length: Int
  private let isInverse: Bool
  /// cos and sin of 2πi / length.
  private let cosines: [Double]
  private let sines: [Double]

  init(length: Int, isInverse: Bool) {
    self.length = length
    self.isInverse = isInverse
    let angles = (0..<length).map { 2 * Double.pi * Double($0) / Double(length) }
    cosines = angles.map { cos($0) }
    sines = angles.map { isInverse ? sin($0) : -sin($0) }
  }

  /// How many results there are, of which the others are the conjugates.
  var onesidedCount: Int { length / 2 + 1 }

  /// The first `count` results for `length` complex numbers; the inverse is divided by `length`.
  func callAsFunction(real: [Double], imaginary: [Double], count: Int) -> (real: [Double], imaginary: [Double]) {
    var x = [Double](repeating: 0, count: count), y = x
    for k in 0..<count {
      var phase = 0, re = 0.0, im = 0.0
      for n in 0..<length {
        re += real[n] * cosines[phase] - imaginary[n] * sines[phase]
        im += real[n] * sines[phase] + imaginary[n] * cosines[phase]
        phase += k
        if phase >= length { phase -= length }
      }
      x[k] = isInverse ? re / Double(length) : re
      y[k] = isInverse ? im / Double(length) : im
    }
    return (x, y)
  }
}
