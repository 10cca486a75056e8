import OneiroGraph
import OneiroModel

/// What became of one graph: a plain model, or a part of a pipeline.
public struct PartReport: Sendable {
  /// The part's role; empty for a plain model.
  public let role: String
  public let layers: [Layer]
  /// Of all initializers, as kept.
  public let byteCountBefore: Int
  public let byteCountAfter: Int
  /// Of the graph's outputs, where calls were there to measure with.
  public let outputNoise: QuantizationNoise?
  /// Of one call of the whole part, where calls were there to measure with.
  public let seconds: CallTime?
  /// `nil` where nothing was to be equalized.
  public let equalization: Equalization?
  /// Whole graphs that the choice was held against; none where schemes were given, or time does not count.
  public let compared: [ComparedChoice]

  public struct Layer: Sendable {
    public let result: LayerResult
    /// Of the value that the layer makes, with what came in from the layers before.
    public let outputNoise: QuantizationNoise?
    /// Of one call of the layer by itself, where that was measured.
    public let seconds: CallTime?
    /// Whether what it makes is the same to the last bit in spite of a weight that is not.
    public var isUnmoved: Bool { outputNoise?.noise == 0 && result.scheme != .f32 && result.weightNoise.noise > 0 }
  }

  /// - seconds: of one call of the whole part.
  /// - layerTimes: by layer.
  public init(
    role: String, original: Graph, quantized: QuantizedGraph, equalization: Equalization? = nil,
    evaluation: Evaluation? = nil, seconds: CallTime? = nil, layerTimes: [String: CallTime] = [:],
    compared: [ComparedChoice] = []
  ) {
    self.role = role
    self.seconds = seconds
    self.equalization = equalization
    self.compared = compared
    layers = quantized.layers.map { layer in
      // One that stayed in floats after all was timed as it was to be.
      let isAsTimed = layer.scheme != .f32 || layer.wanted == .f32 || !layer.isOutOfRange
      return Layer(
        result: layer, outputNoise: evaluation?.noise[layer.output], seconds: isAsTimed ? layerTimes[layer.name] : nil)
    }
    byteCountBefore = original.allInitializers.reduce(0) { $0 + $1.storedByteCount }
    byteCountAfter = quantized.graph.allInitializers.reduce(0) { $0 + $1.storedByteCount }
    outputNoise = evaluation?.outputs
  }

  /// Whether outputs are the same to the last bit in spite of weights that are not: what layers make does not reach them
  /// in the calls that were measured, which then say nothing about what rounding does.
  public var isUnmoved: Bool {
    outputNoise?.noise == 0 && layers.contains { $0.result.scheme != .f32 && $0.result.weightNoise.noise > 0 }
  }

  /// How many layers have each scheme, most first.
  public var schemes: [(scheme: LayerScheme, count: Int)] {
    let counts = Dictionary(layers.map { ($0.result.scheme, 1) }, uniquingKeysWith: +)
    return counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map { ($0.key, $0.value) }
  }

  /// Why layers are not what was asked for, most common first.
  public var reasons: [(reason: String, count: Int)] {
    let counts = Dictionary(layers.compactMap { $0.result.reason.map { ($0, 1) } }, uniquingKeysWith: +)
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
  }
}
