import OneiroGraph

/// What became of one layer.
public struct LayerResult: Sendable {
  public let name: String
  public let op: OpIdentifier
  public let weight: String
  public let dims: [Int]
  public let scheme: LayerScheme
  /// What was asked for, or chosen automatically.
  public let wanted: LayerScheme
  /// Why it is not what was asked for; of an automatic choice, also why it was not another.
  public let reason: String?
  /// Whether that is because a scheme does not hold numbers of such a size.
  public let isOutOfRange: Bool
  /// Of the weight, as kept before and after.
  public let byteCountBefore: Int
  public let byteCountAfter: Int
  public let weightNoise: QuantizationNoise
  /// The value that the layer makes.
  public let output: String
  /// How the value that the layer reads is rounded, where it is.
  public let activation: ActivationQuantization?

  init(_ choice: LayerChoice, before: Tensor?, _ written: WrittenWeight?, _ activation: ActivationQuantization?) {
    self.activation = choice.scheme == .w8a8 ? activation : nil
    output = choice.layer.node.outputs[0]
    let layer = choice.layer, byteCount = before?.storedByteCount ?? 0
    (name, op, weight, dims) = (layer.name, layer.node.op, layer.weight, layer.dims)
    (scheme, wanted) = (choice.scheme, choice.wanted)
    (reason, isOutOfRange) = (choice.reason, choice.isOutOfRange)
    byteCountBefore = byteCount
    byteCountAfter = written?.byteCount ?? byteCount
    weightNoise = written?.noise ?? QuantizationNoise()
  }
}
