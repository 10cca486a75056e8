import OneiroGraph

/// A layer's weight in fewer bits, with what that does to it.
public enum ReducedWeight: Sendable {
  /// Behind a DequantizeLinear.
  case quantized(QuantizedWeight)
  /// Kept as float16.
  case half(HalfWeight)

  public var byteCount: Int {
    switch self {
    case .quantized(let weight): weight.byteCount
    case .half(let weight): weight.tensor.storedByteCount
    }
  }

  public var noise: QuantizationNoise {
    switch self {
    case .quantized(let weight): weight.noise
    case .half(let weight): weight.noise
    }
  }
}

extension WeightForm {
  /// - Throws: where `tensor` is not of finite float32 numbers.
  func reduced(_ tensor: Tensor, name: String) throws(GraphError) -> ReducedWeight {
    switch self {
    case .half: .half(HalfWeight(try QuantizedWeight.checked(tensor, name: name)))
    case .channels(let axis): .quantized(try ChannelQuantization.quantize(tensor, axis: axis, name: name))
    case .blocks(let axis): .quantized(try BlockQuantization.quantize(tensor, axis: axis, name: name))
    }
  }
}

extension LayerChoice {
  /// - weight: the layer's; `nil` where the scheme leaves it as it is.
  package func reduced(_ weight: Tensor) throws(GraphError) -> ReducedWeight? {
    try WeightForm(self)?.reduced(weight, name: layer.weight)
  }
}
