import Glibc

/// How far numbers have moved: the energy of what was there, and of the difference.
public struct QuantizationNoise: Sendable, Equatable {
  public private(set) var signal = 0.0
  public private(set) var noise = 0.0

  public init() {}

  public mutating func add(signal: Double, noise: Double) {
    self.signal += signal
    self.noise += noise
  }

  public mutating func add(_ other: QuantizationNoise) { add(signal: other.signal, noise: other.noise) }

  /// - values: as long as `expected`.
  public mutating func add(_ values: [Double], expected: [Double]) {
    precondition(values.count == expected.count)
    for (value, exact) in zip(values, expected) { add(signal: exact * exact, noise: (value - exact) * (value - exact)) }
  }

  /// Signal-to-noise ratio in decibels; infinite when nothing moved.
  public var decibels: Double { noise == 0 ? .infinity : 10 * log10(signal / noise) }
}
