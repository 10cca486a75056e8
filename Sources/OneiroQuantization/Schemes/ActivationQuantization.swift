/// uint8 for a whole activation, asymmetric: `x = scale * (q - zeroPoint)`.
public struct ActivationQuantization: Sendable, Equatable, Codable {
  public let scale: Float
  public let zeroPoint: UInt8

  public init(scale: Float, zeroPoint: UInt8) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// For numbers from `low` to `high`. Zero is always among those that are exact: padding and what an activation
  /// function cuts off are zeros.
  public init(low: Float, high: Float) {
    let low = min(low, 0), high = max(high, 0)
    // The halves first: the range of two finite numbers need not be finite.
    let scale = max((high / 2 - low / 2) / 127.5, .leastNormalMagnitude)
    self.init(
      scale: low == high ? 1 : scale, zeroPoint: UInt8(min(max((-low / scale).rounded(.toNearestOrEven), 0), 255)))
  }

  /// The number that `value` becomes.
  public func rounded(_ value: Float) -> Float {
    let code = (value / scale).rounded(.toNearestOrEven) + Float(zeroPoint)
    return (min(max(code, 0), 255) - Float(zeroPoint)) * scale
  }
}
