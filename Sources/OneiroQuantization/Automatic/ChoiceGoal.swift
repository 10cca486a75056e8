import OneiroRuntime

/// What an automatic choice has to meet, and what it makes the best of.
public enum ChoiceGoal: Sendable, Equatable {
  /// The least time that leaves the outputs this signal-to-noise ratio, in decibels.
  case fastest(decibels: Double)
  /// The fewest bytes of weights that leave the outputs this signal-to-noise ratio.
  case smallest(decibels: Double)
  /// The least noise with one call of the graph in so many milliseconds.
  case withinTime(milliseconds: Double)
  /// The least noise with weights of so many bytes, those included that are no layer's.
  case withinSize(byteCount: Int)

  /// Whether layers have to be timed.
  var needsTimes: Bool {
    switch self {
    case .fastest, .withinTime: true
    case .smallest, .withinSize: false
    }
  }

  /// The least signal-to-noise ratio; `nil` where that is what the best is made of.
  var decibels: Double? {
    switch self {
    case .fastest(let decibels), .smallest(let decibels): decibels
    case .withinTime, .withinSize: nil
    }
  }

  /// Schemes that a layer may get. What rounds activations as well is never smaller, only faster; float16 is widened
  /// before the product, so it is smaller only.
  var schemes: [LayerScheme] { needsTimes ? [.w4, .w8, .w8a8, .f32] : [.w4, .w8, .f16, .f32] }
}

extension ChoiceGoal: CustomStringConvertible {
  public var description: String {
    switch self {
    case .fastest(let decibels): "as fast as outputs of \(decibels) dB allow"
    case .smallest(let decibels): "as small as outputs of \(decibels) dB allow"
    case .withinTime(let milliseconds): "as exact as calls of \(milliseconds) ms allow"
    case .withinSize(let byteCount): "as exact as weights of \(ByteCount(byteCount)) allow"
    }
  }
}
