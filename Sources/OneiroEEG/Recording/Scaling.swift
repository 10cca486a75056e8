/// From stored ("digital") numbers to a physical unit, by two points of the line, as EDF gives them:
///
///     physical = (digital - digitalMinimum) * (physicalMaximum - physicalMinimum)
///                / (digitalMaximum - digitalMinimum) + physicalMinimum
public struct Scaling: Sendable, Equatable {
  public let digitalMinimum: Double, digitalMaximum: Double
  public let physicalMinimum: Double, physicalMaximum: Double

  /// - Returns: `nil` where the points make no line: not finite, or the digital numbers are the same.
  public init?(digital: (minimum: Double, maximum: Double), physical: (minimum: Double, maximum: Double)) {
    let range = physical.maximum - physical.minimum, digitalRange = digital.maximum - digital.minimum
    guard range.isFinite, digitalRange.isFinite, range != 0, digitalRange != 0 else { return nil }
    digitalMinimum = digital.minimum
    digitalMaximum = digital.maximum
    physicalMinimum = physical.minimum
    physicalMaximum = physical.maximum
  }

  /// Stored numbers as they are, times `factor`, which is not 0.
  public static func factor(_ factor: Double) -> Scaling? {
    Scaling(digital: (0, 1), physical: (0, factor))
  }

  /// Stored numbers are physical.
  public static let identity = Scaling(digital: (0, 1), physical: (0, 1))!

  @inline(__always) public func physical(_ digital: Double) -> Double {
    (digital - digitalMinimum) * (physicalMaximum - physicalMinimum) / (digitalMaximum - digitalMinimum)
      + physicalMinimum
  }

  /// The nearest stored number, between minimum and maximum.
  public func digital(_ physical: Double) -> Double {
    let exact =
      (physical - physicalMinimum) * (digitalMaximum - digitalMinimum) / (physicalMaximum - physicalMinimum)
      + digitalMinimum
    return min(max(exact.rounded(), digitalMinimum), digitalMaximum)
  }
}
