/// Single-precision logarithm, sine and cosine with the polynomials of Moshier's Cephes library, each multiplication
/// fused with the addition that follows it. The system's functions are closer to the truth by a unit in the last place
/// now and then; these are what PyTorch's vectorised normal generator evaluates, so the same seed gives the same bits.
enum CephesFloat {
  /// The natural logarithm of a normal, positive number.
  static func log(_ x: Float) -> Float {
    // x = mantissa * 2^exponent with the mantissa in sqrt(1/2) ..< sqrt(2), so that the polynomial sees |t| < 0.42.
    var exponent = Float(x.exponent + 1)
    var mantissa = x.significand / 2
    if mantissa < 0.707106781186547524 {
      exponent -= 1
      mantissa *= 2
    }
    let t = mantissa - 1
    let square = t * t
    var y = horner(t, logCoefficients) * t * square
    y = y.addingProduct(exponent, lowLog2)
    y = y.addingProduct(-square, 0.5)
    return (t + y).addingProduct(exponent, highLog2)
  }

  /// The sine and cosine of an angle in 0 ... 2 pi, in radians.
  static func sinCos(_ x: Float) -> (sin: Float, cos: Float) {
    // The nearest even multiple of pi/4 is taken away in three parts, of which the first two are exact in a few bits.
    let octant = (Int32(x * 1.27323954473516) + 1) & ~1
    let multiple = Float(octant)
    var t = x.addingProduct(-multiple, 0.78515625)
    t = t.addingProduct(-multiple, 2.4187564849853515625e-4)
    t = t.addingProduct(-multiple, 3.77489497744594108e-8)
    let square = t * t
    let evenTail = horner(square, cosCoefficients) * square
    let even = (evenTail * square).addingProduct(-square, 0.5) + 1
    let odd = t.addingProduct(horner(square, sinCoefficients) * square, t)
    let swapped = octant & 2 != 0
    let sin = swapped ? even : odd
    let cos = swapped ? odd : even
    return (octant & 4 == 0 ? sin : -sin, (octant - 2) & 4 == 0 ? -cos : cos)
  }

  /// The polynomial with these coefficients, highest power first.
  private static func horner(_ x: Float, _ coefficients: [Float]) -> Float {
    coefficients.dropFirst().reduce(coefficients[0]) { $1.addingProduct($0, x) }
  }

  private static let logCoefficients: [Float] = [
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
  ]
  /// log 2 in two parts: the high one has few bits, so that its product with the exponent is exact.
  private static let lowLog2: Float = -2.12194440e-4
  private static let highLog2: Float = 0.693359375
  private static let cosCoefficients: [Float] = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]
  private static let sinCoefficients: [Float] = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]
}
