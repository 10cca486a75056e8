import OneiroGraph

/// Whether a form of few bits holds a weight at all: numbers that are too small for it are zeros there, and those that are
/// too large are cut off.
enum WeightRange {
  /// Why a weight is not written in that form; `nil` when it can be.
  /// - noise: what the form would do to it.
  static func fault(_ tensor: Tensor, name: String, _ form: WeightForm, _ noise: QuantizationNoise) -> String? {
    // Squares of numbers around 1e-23 are zero in the sums over blocks, which are of float32.
    let isLost = noise.signal == 0 || !(noise.decibels >= leastDecibels(form))
    guard isLost else { return nil }
    // What is widened for this look goes away with it.
    let largest = tensor.withOwnWidening.withElements(of: Float.self) { $0.reduce(0) { max($0, abs($1)) } }
    return largest == 0 ? nil : "\(word(form)) does not hold weights of up to \(largest), as in \"\(name)\""
  }

  /// The threshold below which a weight counts as lost. One of a size that the form holds usually keeps far more, unless a
  /// few of its numbers are far larger than all others.
  private static func leastDecibels(_ form: WeightForm) -> Double {
    switch form {
    case .half: 40
    case .channels, .blocks: 10
    }
  }

  private static func word(_ form: WeightForm) -> String {
    switch form {
    case .half: "float16"
    case .channels: "int8"
    case .blocks: "int4"
    }
  }
}
