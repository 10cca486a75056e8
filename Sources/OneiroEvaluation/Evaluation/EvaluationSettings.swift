import OneiroDream

/// How an evaluation is done.
public struct EvaluationSettings: Sendable {
  /// N of N-way measures; fewer where there are fewer classes or trials.
  public var ways = 50
  /// K of top-K measures.
  public var topK = [1, 5]
  /// How many times N-way accuracy draws other classes for one picture.
  public var draws = 50
  /// Pictures of each trial; their scores are averaged.
  public var samples = 1
  /// How many true pictures at most a picture is held against.
  public var gallerySize = 200
  /// Trials that baselines are fitted to at most.
  public var mostTrainingTrials = 500
  /// Replicates of the bootstrap.
  public var replicates = 2000
  /// Of noise, controls, draws and bootstrap.
  public var seed: UInt64 = 2022
  /// What is scored beside the true EEG.
  public var controls = Condition.controls
  /// What the pipeline is given in the place of the EEG: anything else than the EEG is a test of the test.
  public var fed = Condition.eeg

  public init() {}
}
