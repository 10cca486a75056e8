/// Something that happened during a recording: a stimulus, a key, a remark.
public struct EEGEvent: Sendable, Equatable {
  /// Seconds from the recording's first sample, gaps included.
  public var onset: Double
  /// In seconds; 0 for what has no length, or none that is known.
  public var duration: Double
  /// The text of an annotation, the number of a trigger, the class of a trial.
  public var label: String
  public var source: Source
  /// Further columns of a table, by their names.
  public var details: [String: String]

  /// Where it was written down.
  public enum Source: String, Sendable {
    case annotation, trigger, marker, table, trial
  }

  public init(
    onset: Double, duration: Double = 0, label: String, source: Source, details: [String: String] = [:]
  ) {
    self.onset = onset
    self.duration = duration
    self.label = label
    self.source = source
    self.details = details
  }
}
