/// Where the answers come from that are scored: the EEG, or something that should do worse if the EEG matters.
public enum Condition: String, Sendable, CaseIterable {
  /// Pictures that were there before, whoever drew them.
  case pictures
  /// The pipeline on the recorded trials.
  case eeg
  /// The pipeline on trials with each channel's samples in random order; see `TimeShuffle`.
  case timeShuffled = "time_shuffled"
  /// The pipeline on noise with each channel's spectrum; see `PhaseRandomisation`.
  case matchedNoise = "matched_noise"
  /// The pictures of `eeg`, each held against what was shown in another trial.
  case mismatched
  /// No pipeline: the mean picture of the label whose mean trial is nearest; see `LabelMeans`.
  case labelMeans = "label_means"
  /// No pipeline: linear regression from the EEG to the picture; see `RidgeRegression`.
  case linearRegression = "linear_regression"

  public var title: String {
    switch self {
    case .pictures: "the pictures"
    case .eeg: "true EEG"
    case .timeShuffled: "time-shuffled EEG"
    case .matchedNoise: "spectrum-matched noise"
    case .mismatched: "mismatched pairs"
    case .labelMeans: "label means"
    case .linearRegression: "linear regression"
    }
  }

  /// At most 11 characters, for the head of a column.
  public var shortTitle: String {
    switch self {
    case .pictures: "pictures"
    case .eeg: "true EEG"
    case .timeShuffled: "shuffled"
    case .matchedNoise: "noise"
    case .mismatched: "mismatched"
    case .labelMeans: "label means"
    case .linearRegression: "regression"
    }
  }

  public var explanation: String {
    switch self {
    case .pictures: "The pictures that were given."
    case .eeg: "The pipeline draws from the recorded trials."
    case .timeShuffled:
      "The pipeline draws from trials whose samples are put in random order, in each channel another."
    case .matchedNoise:
      "The pipeline draws from noise that has the amplitude spectrum of each channel of the trial, with random phases."
    case .mismatched: "The pictures of the first column, each held against what was shown in another trial."
    case .labelMeans:
      "No pipeline: of every label the mean trial and the mean picture; the answer is that of the nearest mean trial."
    case .linearRegression: "No pipeline: ridge regression from the EEG to pixels, classes and embedding."
    }
  }

  /// What it means when the first column is no better.
  public var meaningIfNotBeaten: String {
    switch self {
    case .pictures, .eeg: ""
    case .timeShuffled:
      "What the pipeline goes by is in shuffled trials too: how strong the signal is where, not what follows what."
    case .matchedNoise: "What the pipeline goes by is the power of rhythms in each channel, which such noise has too."
    case .mismatched:
      "The pictures fit other trials as well as their own: nothing shows that they come from the signal."
    case .labelMeans: "Looking for the nearest label mean does as well."
    case .linearRegression: "Linear regression does as well."
    }
  }

  /// What the first column, that of the EEG or of given pictures, is held against.
  public static let controls: [Condition] = [.timeShuffled, .matchedNoise, .mismatched, .labelMeans, .linearRegression]

  /// Whether the pipeline draws pictures for it.
  public var isDrawn: Bool { self == .eeg || self == .timeShuffled || self == .matchedNoise }
  /// Whether it has to be fitted to trials whose pictures are known.
  public var isFitted: Bool { self == .labelMeans || self == .linearRegression }
}
