import OneiroGraph

/// Weights as float16, which the file has behind a Cast.
enum HalfWeights {
  /// A float32 tensor that is kept as float16; what is too large becomes infinite, and so does the noise.
  static func narrowed(_ tensor: Tensor) -> (tensor: Tensor, noise: QuantizationNoise) {
    var noise = QuantizationNoise()
    let half = tensor.withElements(of: Float.self) { weights in
      Tensor(Float16.self, dims: tensor.dims) { memory in
        HalfNarrowing.narrow(weights, into: memory)
        var signal = 0.0, error = 0.0
        for index in weights.indices {
          // In Double, as squares of float32 may be zero or infinite.
          let weight = Double(weights[index]), difference = weight - Double(memory[index])
          signal += weight * weight
          error += difference * difference
        }
        noise.add(signal: signal, noise: error)
      }
    }
    return (half.widening(), noise)
  }
}
