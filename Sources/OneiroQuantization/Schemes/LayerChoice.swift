import OneiroGraph

/// What becomes of one layer, and why when it is not what was asked for.
public struct LayerChoice: Sendable {
  public let layer: QuantizableLayer
  public let wanted: LayerScheme
  public let scheme: LayerScheme
  /// Of an automatic choice, also why it was not another.
  public let reason: String?
  /// Whether that is because a scheme does not hold numbers of such a size.
  public let isOutOfRange: Bool

  public init(_ layer: QuantizableLayer, wanted: LayerScheme) {
    self.layer = layer
    self.wanted = wanted
    (scheme, reason) = layer.possible(wanted)
    isOutOfRange = false
  }

  init(
    _ layer: QuantizableLayer, wanted: LayerScheme, scheme: LayerScheme, reason: String?, isOutOfRange: Bool = false
  ) {
    (self.layer, self.wanted, self.scheme, self.reason) = (layer, wanted, scheme, reason)
    self.isOutOfRange = isOutOfRange
  }

  /// What is left of it where no run tells the ranges of activations.
  public var withoutCalibration: LayerChoice {
    guard scheme.needsCalibration else { return self }
    return LayerChoice(layer, wanted: wanted, scheme: .w8, reason: "no call of its part to calibrate with")
  }

  /// The same layer left as it is.
  public func kept(because reason: String, isOutOfRange: Bool = false) -> LayerChoice {
    LayerChoice(layer, wanted: wanted, scheme: .f32, reason: reason, isOutOfRange: isOutOfRange)
  }
}

extension QuantizableLayer {
  /// The scheme that comes nearest to `wanted`, with the reason when it is another.
  func possible(_ wanted: LayerScheme) -> (LayerScheme, String?) {
    switch wanted {
    case .w4 where dims[reducedAxis] < BlockQuantization.blockSize:
      return (.w8, "sums over \(dims[reducedAxis]) numbers, less than a block of \(BlockQuantization.blockSize)")
    case .w8a8Dynamic:
      if node.opType == "ConvTranspose" { return (.w8, "ONNX has no ConvTranspose of integers") }
      guard isDirect else { return (.w8, "its weight is turned before the product") }
      guard weightInput == 1 else { return (.w8, "its weight is the left operand") }
      if case .int(let flag) = node.attributes["transA"], flag != 0 {
        return (.w8, "its activation is transposed by the product")
      }
      return (wanted, nil)
    default: return (wanted, nil)
    }
  }
}
