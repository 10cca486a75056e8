import OneiroGraph

/// A trial whose samples are in random order, in each channel another: every level that was there is there still, but
/// nothing happens after anything else, or together with it. What is left is how strong the signal is in each channel.
public enum TimeShuffle {
  /// - trial: float32 [1, channels, samples].
  public static func apply(to trial: Tensor, using generator: inout SeededGenerator) -> Tensor {
    let samples = trial.dims[2]
    return trial.withElements(of: Float.self) { values in
      Tensor(Float.self, dims: trial.dims) { memory in
        for start in stride(from: 0, to: values.count, by: max(samples, 1)) {
          for (index, value) in values[start..<start + samples].shuffled(using: &generator).enumerated() {
            memory[start + index] = value
          }
        }
      }
    }
  }
}
