import OneiroGraph
import OneiroModel

/// How recordings become what a model was trained with. These are constants of the model, so its pipeline file has
/// them; `preparation.json` is the same as a file of its own:
///
///     {"montage": ["Fp1", ...], "sampling_rate": 1000, "window": [0.02, 0.46], "samples": 512}
///
/// Optional are `positions` ([x, y, z] of each electrode), `band` ([low, high] in Hz, null for none), `band_order`,
/// `notch` (frequencies in Hz), `notch_quality`, `reference` ("recorded", "average" or labels), `baseline` ([from, to]
/// in seconds), `normalization` ("none" or "robust_z"), `microvolts_per_unit`, and `classes`, the labels of events in
/// the order of the model's classes. Without `montage` there is `channels`, their number.
public struct PreparationSettings: Sendable, Equatable {
  public var montage: Montage
  /// What is done to channels as they were recorded; its sampling rate is the model's.
  public var filters: SignalFilters
  public var reference: EEGReference
  /// Seconds from the event, the end not in it.
  public var window: SecondsRange
  /// Whose mean is taken off each channel.
  public var baseline: SecondsRange?
  public var normalization: Normalization
  /// To which a window is brought by linear interpolation, its first and last sample staying what they are.
  public var sampleCount: Int
  /// What one unit of the model's input is.
  public var microvoltsPerUnit: Double
  /// What events of each class are called; empty where that is not known.
  public var classes: [String]

  public init(
    montage: Montage, filters: SignalFilters, reference: EEGReference, window: SecondsRange, baseline: SecondsRange?,
    normalization: Normalization, sampleCount: Int, microvoltsPerUnit: Double, classes: [String]
  ) {
    self.montage = montage
    self.filters = filters
    self.reference = reference
    self.window = window
    self.baseline = baseline
    self.normalization = normalization
    self.sampleCount = sampleCount
    self.microvoltsPerUnit = microvoltsPerUnit
    self.classes = classes
  }

  public enum Normalization: String, Sendable, Equatable, CaseIterable {
    case none
    /// (x - median) / (1.4826 * median of |x - median|) of each channel in the window.
    case robustZ = "robust_z"
  }

  /// Hz that recordings are brought to.
  public var samplingRate: Double { filters.samplingRate ?? 0 }
}

/// A stretch of time around an event, in seconds: from its first sample up to, and without, the end.
public struct SecondsRange: Sendable, Equatable {
  public let from: Double, to: Double

  /// - Returns: `nil` for an empty stretch, and for more than an hour on either side.
  public init?(from: Double, to: Double) {
    guard from.isFinite, to.isFinite, from < to, abs(from) <= 3600, abs(to) <= 3600 else { return nil }
    (self.from, self.to) = (from, to)
  }

  /// Samples from the one of the event.
  public func samples(at rate: Double) -> Range<Int> {
    let first = Int((from * rate).rounded())
    return first..<first + max(0, Int(((to - from) * rate).rounded()))
  }
}

extension SecondsRange: CustomStringConvertible {
  public var description: String { "\(from):\(to) s" }
}

/// What potentials are measured against.
public enum EEGReference: Sendable, Equatable {
  case recorded
  /// The mean of all channels of EEG that can be used.
  case average
  /// The mean of channels by their labels.
  case channels([String])
}

extension EEGReference: CustomStringConvertible {
  public var description: String {
    switch self {
    case .recorded: "recorded"
    case .average: "average"
    case .channels(let labels): labels.joined(separator: ",")
    }
  }
}
