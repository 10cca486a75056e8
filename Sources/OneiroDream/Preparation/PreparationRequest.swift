import OneiroEEG

/// What of a recording is wanted, and what of the pipeline's preparation is to be otherwise.
public struct PreparationRequest: Sendable {
  /// Which moments are trials; `nil` for those that a set of trials holds.
  public var trials: TrialChoice?
  public var window: SecondsRange?
  public var baseline: SecondsRange?
  public var band: FrequencyBand?
  /// The order of the band's filter.
  public var order: Int?
  public var notches: [Double]?
  public var reference: EEGReference?
  public var channelMap = ChannelMap.Method.auto
  /// Of arrays, which often do not say, in Hz.
  public var samplingRate: Double?

  /// The folder of what was shown, for recordings that name it.
  public var truths: String?

  public init() {}

  /// Whether a recording is to be prepared although it has the model's shape already.
  public var isExplicit: Bool {
    trials != nil || window != nil || baseline != nil || band != nil || notches != nil || reference != nil
      || channelMap != .auto || samplingRate != nil
  }

  func applied(to settings: PreparationSettings) -> PreparationSettings {
    var settings = settings
    settings.window = window ?? settings.window
    settings.baseline = baseline ?? settings.baseline
    settings.filters.band = band ?? settings.filters.band
    settings.filters.order = order ?? settings.filters.order
    settings.filters.notches = notches ?? settings.filters.notches
    settings.reference = reference ?? settings.reference
    return settings
  }
}
