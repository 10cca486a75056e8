/// Seconds of one call of a layer or of a whole part, before and after.
public struct CallTime: Sendable {
  public let before: Double
  public let after: Double

  public init(before: Double, after: Double) {
    self.before = before
    self.after = after
  }
}
