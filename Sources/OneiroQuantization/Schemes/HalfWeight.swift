import OneiroGraph

/// A weight as float16, which the file has behind a Cast.
public struct HalfWeight: Sendable {
  /// float32, kept as float16.
  public let tensor: Tensor
  public let noise: QuantizationNoise

  /// - weight: float32; what is too large becomes infinite, and so does the noise.
  init(_ weight: Tensor) {
    var noise = QuantizationNoise()
    let half = weight.withElements(of: Float.self) { weights in
      Tensor(Float16.self, dims: weight.dims) { memory in
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
    (tensor, self.noise) = (half.widening(), noise)
  }
}
