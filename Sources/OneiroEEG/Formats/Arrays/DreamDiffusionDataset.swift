import OneiroGraph
import OneiroModel

/// The data set that DreamDiffusion is trained on, `eeg_5_95_std.pth`, a file of torch.save:
///
///     {dataset: [{eeg: float32 [channels, samples], image: int, label: int, subject: int}],
///      labels: [str], images: [str]}
///
/// Trials differ in length. Their elements are read when they are asked for.
public struct DreamDiffusionDataset: Sendable {
  public struct Trial: Sendable {
    /// [channels, samples], at 1000 Hz as published; the file does not say.
    public let eeg: CheckpointTensor
    /// Indices into `labels` and `images`.
    public let label: Int, image: Int
    public let subject: Int
  }
  public let source: String
  public let trials: [Trial]
  /// Classes as WordNet names them: "n02389026".
  public let labels: [String]
  /// "n02951358_31190".
  public let images: [String]

  public init(contentsOf path: String) throws(GraphError) { try self.init(TorchFile(contentsOf: path)) }

  init(_ file: TorchFile) throws(GraphError) {
    source = file.path
    guard let items = file.root["dataset"]?.items else {
      let keys = if case .dictionary(let entries) = file.root { entries.entries.map(\.key.text) } else { [String]() }
      throw .mismatch(
        file: file.path, nil, expected: "a dictionary with a list \"dataset\" of trials",
        found: keys.isEmpty ? "none" : "the keys \(keys.prefix(8).joined(separator: ", "))")
    }
    labels = Self.names(file.root["labels"])
    images = Self.names(file.root["images"])
    var trials: [Trial] = []
    trials.reserveCapacity(items.count)
    for (number, item) in items.enumerated() {
      let place = "trial \(number)"
      guard let eeg = item["eeg"]?.tensor, eeg.dims.count == 2, eeg.elementType.isFloatingPoint, !eeg.dims.contains(0)
      else {
        throw .mismatch(
          file: file.path, place, expected: "\"eeg\", floats [channels, samples]",
          found: item["eeg"]?.tensor.map { "\($0)" } ?? "none")
      }
      if let first = trials.first?.eeg.dims[0], first != eeg.dims[0] {
        throw .mismatch(
          file: file.path, place, expected: "\(first) channels because trial 0 has so many", found: "\(eeg.dims[0])")
      }
      func integer(_ key: String, below limit: Int?) throws(GraphError) -> Int {
        guard case .int(let value)? = item[key], value >= 0, limit.map({ value < $0 }) ?? true else {
          throw .mismatch(
            file: file.path, "\(place): \"\(key)\"",
            expected: limit.map { "an integer below \($0)" } ?? "an integer, 0 or more",
            found: item[key].map { "\($0.text)" } ?? "none")
        }
        return Int(value)
      }
      trials.append(
        Trial(
          eeg: eeg, label: try integer("label", below: labels.isEmpty ? nil : labels.count),
          image: try integer("image", below: images.isEmpty ? nil : images.count),
          subject: try integer("subject", below: nil)))
    }
    self.trials = trials
  }

  /// All trials, one segment each, with an event that tells class, image and subject.
  /// - samplingRate: in Hz; `nil` for that of the published file.
  public func recording(samplingRate: Double? = nil) throws(GraphError) -> EEGRecording {
    let arrays = trials.map { TrialArrays.Trial(tensor: $0.eeg, offset: 0, sampleCount: $0.eeg.dims[1]) }
    return try ArrayReader.recording(
      arrays, channelCount: trials.first?.eeg.dims[0] ?? 0, source: source, format: "DreamDiffusion dataset",
      samplingRate: samplingRate ?? ArrayReader.defaultRate,
      labels: trials.map { trial in
        (
          labels.isEmpty ? "\(trial.label)" : labels[trial.label],
          [
            "image": images.isEmpty ? "\(trial.image)" : images[trial.image], "label": "\(trial.label)",
            "subject": "\(trial.subject)",
          ]
        )
      })
  }

  private static func names(_ value: TorchValue?) -> [String] { value?.items?.map(\.text) ?? [] }
}
