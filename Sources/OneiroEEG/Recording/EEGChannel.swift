/// One signal of a recording: what it is called, in which unit and how often it was measured.
public struct EEGChannel: Sendable {
  /// As the file has it: "Fp1", "EEG FP1-REF", "Status".
  public var label: String
  /// As the file has it, "uV"; empty where the file says none.
  public var unit: String
  public var kind: Kind
  /// In Hz.
  public let samplingRate: Double
  /// How many samples there are, gaps of a discontinuous recording left out.
  public let sampleCount: Int
  /// From stored numbers to `unit`.
  public let scaling: Scaling
  /// "AgAgCl electrode", "HP:0.1Hz LP:75Hz": what the file says, or nothing.
  public var transducer = ""
  public var prefiltering = ""
  /// Whether somebody marked the channel as bad, and why.
  public var isBad = false
  public var remark = ""
  /// Where its electrode was measured to be, on the unit sphere: x to the right ear, y to the nose, z up.
  public var position: SIMD3<Double>?

  public enum Kind: String, Sendable, CaseIterable { case eeg, eog, ecg, emg, trigger, other }

  public init(
    label: String, unit: String, kind: Kind? = nil, samplingRate: Double, sampleCount: Int, scaling: Scaling = .identity
  ) {
    precondition(samplingRate > 0 && samplingRate.isFinite && sampleCount >= 0)
    self.label = label
    self.unit = unit
    self.kind = kind ?? Kind(label: label, unit: unit)
    self.samplingRate = samplingRate
    self.sampleCount = sampleCount
    self.scaling = scaling
  }

  /// What one of the channel's units is in microvolts; `nil` for a unit that is no voltage, or none.
  public var microvoltsPerUnit: Double? { VoltageUnit.microvolts(unit) }
}

extension EEGChannel.Kind {
  /// What labels that say what they are for say; EEG otherwise, unless the unit is one that is no voltage.
  init(label: String, unit: String) {
    let words = label.lowercased().split { !$0.isLetter }
    let first = words.first.map(String.init) ?? ""
    if ["status", "sti", "trig", "trigger", "triggers", "stim", "marker"].contains(first) {
      self = .trigger
    } else if ["eog", "heog", "veog"].contains(where: first.hasPrefix) {
      self = .eog
    } else if ["ecg", "ekg"].contains(where: first.hasPrefix) {
      self = .ecg
    } else if first.hasPrefix("emg") {
      self = .emg
    } else {
      self = unit.isEmpty || VoltageUnit.microvolts(unit) != nil ? .eeg : .other
    }
  }
}
