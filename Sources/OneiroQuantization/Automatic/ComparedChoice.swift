/// A whole graph that was held against others, with its layers as one choice wants them.
public struct ComparedChoice: Sendable {
  /// "float32", "w8a8", "layer by layer".
  public let name: String
  /// Of a call.
  public let seconds: Double
  /// Of the outputs.
  public let noise: QuantizationNoise
  /// Of all initializers.
  public let byteCount: Int
  /// Whether it may be kept.
  public let meetsGoal: Bool
  public let isKept: Bool
}
