import Glibc
import OneiroGraph

/// Noise in the place of a trial: each channel keeps its amplitude spectrum and its mean, and every frequency gets a
/// random phase, in each channel another (Theiler and others 1992). What is left is how strong each rhythm is in each
/// channel.
public enum PhaseRandomisation {
  /// - trial: float32 [1, channels, samples].
  public static func apply(to trial: Tensor, using generator: inout SeededGenerator) -> Tensor {
    let samples = trial.dims[2]
    let transform = FourierTransform(count: samples)
    return trial.withElements(of: Float.self) { values in
      Tensor(Float.self, dims: trial.dims) { memory in
        for start in stride(from: 0, to: values.count, by: max(samples, 1)) {
          var spectrum = transform.forward(values[start..<start + samples].map { Complex(Double($0), 0) })
          // The mean, and at an even count the highest frequency, are real numbers and stay.
          for index in 1..<max((samples + 1) / 2, 1) {
            let turn = Complex(angle: 2 * .pi * generator.uniform())
            spectrum[index] = spectrum[index] * turn
            spectrum[samples - index] = spectrum[index].conjugate
          }
          let signal = transform.inverse(spectrum)
          for index in 0..<samples { memory[start + index] = Float(signal[index].real) }
        }
      }
    }
  }
}
