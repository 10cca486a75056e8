import Foundation

extension SecondOrderSections {
  /// A Butterworth filter: flat in its band, 3 dB down at its limits (6 dB forth and back).
  ///
  /// The poles of the analog low-pass of 1 rad/s lie evenly on the left half of the unit circle. They are moved to the
  /// band, whose limits are bent so that the bilinear transform z = (4 + s) / (4 - s) puts them where they belong.
  ///
  /// - order: of the low-pass; a band-pass has twice as many poles.
  /// - Returns: `nil` where a limit is not below half of the sampling rate.
  public static func butterworth(order: Int, _ band: FrequencyBand, samplingRate: Double) -> SecondOrderSections? {
    precondition(order >= 1)
    guard [band.low, band.high].allSatisfy({ $0.map { $0 < samplingRate / 2 } ?? true }) else { return nil }
    func bent(_ hertz: Double) -> Double { 4 * tan(.pi * hertz / samplingRate) }
    let prototype = (0..<order).map { index in
      let angle = Double.pi * Double(2 * index - order + 1) / Double(2 * order)
      return Complex(-cos(angle), -sin(angle))
    }
    // Analog poles, how many analog zeros are at 0, and the gain.
    let poles: [Complex], zeroCount: Int, gain: Double
    switch (band.low.map(bent), band.high.map(bent)) {
    case (let low?, let high?):
      let width = high - low, centre = low * high
      poles = prototype.flatMap { pole -> [Complex] in
        let half = width / 2 * pole, root = (half * half - Complex(centre)).squareRoot
        return [half + root, half - root]
      }
      (zeroCount, gain) = (order, pow(width, Double(order)))
    case (let low?, nil):
      poles = prototype.map { Complex(low) / $0 }
      // The product of all -p of the prototype is 1.
      (zeroCount, gain) = (order, 1)
    case (nil, let high?):
      poles = prototype.map { high * $0 }
      (zeroCount, gain) = (0, pow(high, Double(order)))
    case (nil, nil): return nil
    }
    let four = Complex(4)
    let digital = poles.map { (four + $0) / (four - $0) }
    // Zeros at 0 go to z = 1, those at infinity to z = -1.
    let denominator = poles.reduce(Complex(1)) { $0 * (four - $1) }
    let factor = gain * pow(4, Double(zeroCount)) / denominator.real
    let zeros =
      [Double](repeating: 1, count: zeroCount) + [Double](repeating: -1, count: poles.count - zeroCount)
    return SecondOrderSections(poles: digital, zeros: zeros, gain: factor)
  }

  /// - poles: with the conjugate of each.
  /// - zeros: real, as many.
  private init(poles: [Complex], zeros: [Double], gain: Double) {
    // A real pole comes out with a rest of an imaginary part.
    let isReal: (Complex) -> Bool = { abs($0.imaginary) <= 1e-12 * max(1, $0.magnitude) }
    let real = poles.filter(isReal).map(\.real).sorted { abs($0) < abs($1) }
    var denominators: [(a1: Double, a2: Double, pole: Complex, order: Int)] =
      poles.filter { !isReal($0) && $0.imaginary > 0 }.map {
        (-2 * $0.real, $0.real * $0.real + $0.imaginary * $0.imaginary, $0, 2)
      }
    for start in stride(from: 0, to: real.count, by: 2) {
      if start + 1 < real.count {
        let pole = Complex(real[start + 1])
        denominators.append((-(real[start] + real[start + 1]), real[start] * real[start + 1], pole, 2))
      } else {
        denominators.append((-real[start], 0, Complex(real[start]), 1))
      }
    }
    // Those that ring longest choose their zeros first: the nearest ones, which take away most of what they enlarge.
    // With one zero at each end instead, sections at the low end of a wide band would enlarge by orders of magnitude.
    denominators.sort { $0.pole.magnitude > $1.pole.magnitude }
    var rest = zeros
    let numerators = denominators.map { denominator in
      (0..<denominator.order).map { _ -> Double in
        let nearest = rest.indices.min {
          (Complex(rest[$0]) - denominator.pole).magnitude < (Complex(rest[$1]) - denominator.pole).magnitude
        }
        return nearest.map { rest.remove(at: $0) } ?? 0
      }
    }
    // They come last, so that what they would enlarge is filtered before.
    sections = zip(denominators, numerators).reversed().enumerated().map { index, section in
      let (denominator, zeros) = section, factor = index == 0 ? gain : 1
      guard zeros.count == 2 else {
        return Section(b0: factor, b1: -factor * zeros[0], b2: 0, a1: denominator.a1, a2: 0)
      }
      return Section(
        b0: factor, b1: -factor * (zeros[0] + zeros[1]), b2: factor * zeros[0] * zeros[1], a1: denominator.a1,
        a2: denominator.a2)
    }
    order = poles.count
  }
}
