import Foundation

/// The discrete Fourier transform of a power of two, in place: X[k] = sum over n of x[n] exp(-2 pi i k n / count).
struct FourierTransform {
  let count: Int
  /// exp(-2 pi i k / count), k < count / 2.
  private let cosines: [Double], sines: [Double]

  init(count: Int) {
    precondition(count > 0 && count & (count - 1) == 0)
    self.count = count
    cosines = (0..<count / 2).map { cos(2 * .pi * Double($0) / Double(count)) }
    sines = (0..<count / 2).map { -sin(2 * .pi * Double($0) / Double(count)) }
  }

  /// By decimation in time: bit-reversed order, then butterflies of growing width.
  func forward(_ real: inout [Double], _ imaginary: inout [Double]) {
    precondition(real.count == count && imaginary.count == count)
    var reversed = 0
    for index in 1..<max(1, count) {
      var bit = count >> 1
      while reversed & bit != 0 {
        reversed ^= bit
        bit >>= 1
      }
      reversed |= bit
      if index < reversed {
        real.swapAt(index, reversed)
        imaginary.swapAt(index, reversed)
      }
    }
    var half = 1
    while half < count {
      let step = count / (2 * half)
      for start in stride(from: 0, to: count, by: 2 * half) {
        for offset in 0..<half {
          let (c, s) = (cosines[offset * step], sines[offset * step])
          let a = start + offset, b = a + half
          let (x, y) = (real[b] * c - imaginary[b] * s, real[b] * s + imaginary[b] * c)
          (real[b], imaginary[b]) = (real[a] - x, imaginary[a] - y)
          real[a] += x
          imaginary[a] += y
        }
      }
      half *= 2
    }
  }

  /// The other way, without the factor 1 / count: real and imaginary parts change their roles.
  func inverse(_ real: inout [Double], _ imaginary: inout [Double]) { forward(&imaginary, &real) }
}
