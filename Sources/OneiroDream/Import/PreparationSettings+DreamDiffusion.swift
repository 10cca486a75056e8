import OneiroEEG
import OneiroGraph

extension PreparationSettings {
  /// As DreamDiffusion's training takes its data set: columns 20 to 459 of a trial at 1000 Hz, stretched to the
  /// encoder's length. The data set does not name its electrodes, and is filtered already.
  /// - Returns: `nil` for a pipeline that takes no EEG of a known shape.
  static func dreamDiffusion(_ model: Model) -> PreparationSettings? {
    let eeg = model.graph.inputs.first { $0.name == PipelineInterface.eegName }?.type?.tensorType?.shape
    guard let eeg, eeg.count == 3, let channels = eeg[1].extent, let samples = eeg[2].extent, channels >= 1,
      samples >= 2,
      let window = SecondsRange(from: 0.02, to: 0.46)
    else { return nil }
    return PreparationSettings(
      montage: Montage(count: channels), filters: SignalFilters(samplingRate: 1000), reference: .recorded,
      window: window,
      baseline: nil, normalization: .none, sampleCount: samples, microvoltsPerUnit: 1, classes: [])
  }
}
