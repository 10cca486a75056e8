import Foundation
import OneiroGraph

/// A recursive filter as a row of sections of second order, in double precision: a filter of 0.5 Hz at 1000 Hz has its
/// poles so close to the unit circle that one polynomial of high order, or float32, would lose it.
///
///     H(z) = product of (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2)
public struct SecondOrderSections: Sendable, Equatable {
  public struct Section: Sendable, Equatable {
    public var b0: Double, b1: Double, b2: Double
    public var a1: Double, a2: Double

    /// What stands in the two delays when 1 has come in for ever.
    fileprivate var restState: (Double, Double) {
      let second = b2 - a2 * gain
      return (b1 - a1 * gain + second, second)
    }

    /// At 0 Hz.
    fileprivate var gain: Double { (b0 + b1 + b2) / (1 + a1 + a2) }

    /// The distance of the poles from zero, the larger one.
    fileprivate var poleRadius: Double {
      let discriminant = a1 * a1 / 4 - a2
      return discriminant < 0 ? a2.squareRoot() : abs(a1) / 2 + discriminant.squareRoot()
    }
  }
  public var sections: [Section]
  /// Poles of all sections together.
  public let order: Int

  /// Samples by which a stretch is continued on both sides before it is filtered, as SciPy's `sosfiltfilt` does.
  public var padding: Int { 3 * (order + 1) }

  /// After so many samples the answer to an impulse is below a thousand-millionth, as good as over.
  public var settlingLength: Int {
    let radius = sections.map(\.poleRadius).max() ?? 0
    guard radius > 0, radius < 1 else { return padding }
    // Poles side by side make it last longer than one of them would.
    return padding + Int((1.5 * log(1e-9) / log(radius)).rounded(.up))
  }

  /// Forth and back, so that nothing is shifted in time: the gain of the filter squared, and no phase. Both ends are
  /// continued by their own reflection through the last sample, and the filter begins at rest there.
  ///
  /// - samples: more than `padding`.
  public func zeroPhase(_ samples: [Double]) -> [Double] {
    precondition(samples.count > padding, "checked by callers, who can say which stretch it is")
    let first = samples[0], last = samples[samples.count - 1]
    var extended: [Double] = []
    extended.reserveCapacity(samples.count + 2 * padding)
    for index in stride(from: padding, to: 0, by: -1) { extended.append(2 * first - samples[index]) }
    extended += samples
    for index in 1...padding { extended.append(2 * last - samples[samples.count - 1 - index]) }
    run(&extended)
    extended.reverse()
    run(&extended)
    extended.reverse()
    return Array(extended[padding..<padding + samples.count])
  }

  /// Once through, from the state in which the first sample has come in for ever (transposed direct form II).
  private func run(_ samples: inout [Double]) {
    guard let first = samples.first else { return }
    var level = first
    for section in sections {
      let (b0, b1, b2, a1, a2) = (section.b0, section.b1, section.b2, section.a1, section.a2)
      let rest = section.restState
      var (s1, s2) = (rest.0 * level, rest.1 * level)
      samples.withUnsafeMutableBufferPointer { samples in
        for index in samples.indices {
          let x = samples[index], y = b0 * x + s1
          s1 = b1 * x - a1 * y + s2
          s2 = b2 * x - a2 * y
          samples[index] = y
        }
      }
      level *= section.gain
    }
  }
}
