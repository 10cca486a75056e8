import OneiroDream
import OneiroGraph

/// The baselines that are fitted to trials.
struct Baselines {
  private let training: TrainingTrials
  private let labelMeans: LabelMeans?
  private let regression: RidgeRegression?
  /// Whether trials of the scored stimulus may be used: not where they come from the scored trials themselves.
  private let isSeparate: Bool

  init(
    _ conditions: [Condition], recording: Recording, training other: Recording?, truths: TruthSource,
    settings: EvaluationSettings
  ) throws(DreamError) {
    let source = other ?? recording
    isSeparate = other != nil
    guard source.count > 0 else { throw .mismatch(at: source.source, expected: "trials", found: "none") }
    let known = other == nil ? truths : try TruthSource(source, size: truths.size, judges: truths.judges)
    var generator = SeededGenerator(settings.seed, 1)
    let places = Array((0..<source.count).shuffled(using: &generator).prefix(settings.mostTrainingTrials)).sorted()
    training = try TrainingTrials(
      places: places,
      trial: { (place) throws(DreamError) in
        try source.checkFinite(place..<place + 1)
        return source.trial(place)
      },
      label: { place in source.labels.map { Int($0[place]) } }, truth: known.truth,
      unit: { TruthSource.unit($0, stimulus: source.origins.numbers["stimulus"]?[$0.trial]) })
    labelMeans = conditions.contains(.labelMeans) ? LabelMeans(training, classCount: truths.classCount) : nil
    regression = conditions.contains(.linearRegression) ? RidgeRegression(training, classCount: truths.classCount) : nil
    source.setAside()
  }

  /// `nil` where nothing is left to fit to.
  /// - unit: of the stimulus that was shown.
  func answer(_ condition: Condition, trial: Tensor, unit: UInt64, size: (width: Int, height: Int)) -> Answer? {
    let features = training.features(of: trial)
    let heldOut = isSeparate ? [] : training.heldOut(unit: unit)
    return switch condition {
    case .labelMeans: labelMeans?.answer(features, heldOut: heldOut, size: size)
    case .linearRegression: regression?.answer(features, heldOut: heldOut, size: size)
    case .pictures, .eeg, .timeShuffled, .matchedNoise, .mismatched: nil
    }
  }
}
