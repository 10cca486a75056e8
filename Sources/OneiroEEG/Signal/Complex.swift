import Foundation

/// As much of complex numbers as the design of a filter takes.
struct Complex: Equatable {
  var real: Double, imaginary: Double

  init(_ real: Double, _ imaginary: Double = 0) { (self.real, self.imaginary) = (real, imaginary) }

  var magnitude: Double { hypot(real, imaginary) }

  /// With a real part that is not negative.
  var squareRoot: Complex {
    let length = magnitude
    let across = ((length - real) / 2).squareRoot()
    return Complex(((length + real) / 2).squareRoot(), imaginary < 0 ? -across : across)
  }

  static func + (a: Complex, b: Complex) -> Complex { Complex(a.real + b.real, a.imaginary + b.imaginary) }
  static func - (a: Complex, b: Complex) -> Complex { Complex(a.real - b.real, a.imaginary - b.imaginary) }
  static func * (a: Complex, b: Complex) -> Complex {
    Complex(a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }
  static func * (a: Double, b: Complex) -> Complex { Complex(a * b.real, a * b.imaginary) }
  static func / (a: Complex, b: Complex) -> Complex {
    let scale = b.real * b.real + b.imaginary * b.imaginary
    return Complex(
      (a.real * b.real + a.imaginary * b.imaginary) / scale, (a.imaginary * b.real - a.real * b.imaginary) / scale)
  }
}
