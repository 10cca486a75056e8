import Glibc

/// A complex number in double precision.
struct Complex: Sendable, Equatable {
  var real: Double
  var imaginary: Double
  init(_ real: Double, _ imaginary: Double) {
    self.real = real
    self.imaginary = imaginary
  }
  /// On the unit circle.
  init(angle: Double) { self.init(cos(angle), sin(angle)) }
  var conjugate: Complex { Complex(real, -imaginary) }

  static func + (a: Complex, b: Complex) -> Complex { Complex(a.real + b.real, a.imaginary + b.imaginary) }
  static func - (a: Complex, b: Complex) -> Complex { Complex(a.real - b.real, a.imaginary - b.imaginary) }
  static func * (a: Complex, b: Complex) -> Complex {
    Complex(a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }
}

/// The discrete Fourier transform of any length: by halving where it is a power of two, else by Bluestein's
/// convolution, which is of such a length.
struct FourierTransform: Sendable {
  let count: Int
  /// exp(-2πi k / n) of the power of two that is halved, k < n / 2.
  private let twiddles: [Complex]
  /// exp(-πi k² / count), k < count, and the transform of its conjugate; empty for a power of two.
  private let chirp: [Complex]
  private var chirpSpectrum: [Complex] = []
  private let length: Int

  init(count: Int) {
    self.count = count
    let isPower = count & (count - 1) == 0
    var length = 1
    while length < (isPower ? count : 2 * count - 1) { length *= 2 }
    self.length = length
    twiddles = (0..<length / 2).map { Complex(angle: -2 * .pi * Double($0) / Double(length)) }
    guard !isPower else {
      chirp = []
      return
    }
    // k² grows beyond what an angle can hold exactly, and repeats every 2 count.
    chirp = (0..<count).map { Complex(angle: -.pi * Double($0 * $0 % (2 * count)) / Double(count)) }
    var kernel = [Complex](repeating: Complex(0, 0), count: length)
    for index in 0..<count {
      kernel[index] = chirp[index].conjugate
      if index > 0 { kernel[length - index] = chirp[index].conjugate }
    }
    halve(&kernel)
    chirpSpectrum = kernel
  }

  /// X[k] = Σ x[n] exp(-2πi k n / count)
  func forward(_ values: [Complex]) -> [Complex] {
    precondition(values.count == count)
    guard !chirp.isEmpty else {
      var result = values
      halve(&result)
      return result
    }
    var padded = [Complex](repeating: Complex(0, 0), count: length)
    for index in 0..<count { padded[index] = values[index] * chirp[index] }
    halve(&padded)
    // The inverse transform of the product, as the conjugate of a forward one.
    for index in 0..<length { padded[index] = (padded[index] * chirpSpectrum[index]).conjugate }
    halve(&padded)
    return (0..<count).map { index in
      let value = padded[index].conjugate * chirp[index]
      return Complex(value.real / Double(length), value.imaginary / Double(length))
    }
  }

  /// x[n] = Σ X[k] exp(2πi k n / count) / count
  func inverse(_ values: [Complex]) -> [Complex] {
    forward(values.map(\.conjugate)).map { Complex($0.real / Double(count), -$0.imaginary / Double(count)) }
  }

  /// Cooley and Tukey's transform of `length` values in place.
  private func halve(_ values: inout [Complex]) {
    guard length > 1 else { return }
    let bits = length.trailingZeroBitCount
    values.withUnsafeMutableBufferPointer { values in
      for index in 0..<length {
        var (reversed, rest) = (0, index)
        for _ in 0..<bits { (reversed, rest) = (reversed << 1 | rest & 1, rest >> 1) }
        if index < reversed { values.swapAt(index, reversed) }
      }
      var half = 1
      while half < length {
        let step = length / (2 * half)
        for start in stride(from: 0, to: length, by: 2 * half) {
          for index in 0..<half {
            let even = values[start + index], odd = values[start + index + half] * twiddles[index * step]
            values[start + index] = even + odd
            values[start + index + half] = even - odd
          }
        }
        half *= 2
      }
    }
  }
}
