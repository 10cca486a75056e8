import OneiroGraph

/// Weights as float16, which the file has behind a Cast.
enum HalfWeights {
  /// A float32 tensor that is kept as float16; `nil` when a weight is too large for that.
  static func narrowed(_ tensor: Tensor) -> (tensor: Tensor, noise: QuantizationNoise)? {
    var noise = QuantizationNoise(), isFinite = true
    let half = tensor.withElements(of: Float.self) { weights in
      Tensor(Float16.self, dims: tensor.dims) { memory in
        HalfNarrowing.narrow(weights, into: memory)
        var signal = 0.0, error = 0.0
        for index in weights.indices {
          let difference = weights[index] - Float(memory[index])
          isFinite = isFinite && difference.isFinite
          signal += Double(weights[index] * weights[index])
          error += Double(difference * difference)
        }
        noise.add(signal: signal, noise: error)
      }
    }
    return isFinite ? (half.widening(), noise) : nil
  }
}
