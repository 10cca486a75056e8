import OneiroDream
import OneiroPicture

/// What was shown in a trial, as the judges see it.
public struct Truth: Sendable {
  /// Its place among the trials.
  public let trial: Int
  public let picture: Picture?
  public let trueClass: Int?
  public let embedding: [Float]?
}

/// What is said of a trial, by the pipeline or by a baseline.
public struct Answer: Sendable {
  public let picture: Picture?
  /// [classes], larger is likelier.
  public let classScores: [Float]?
  /// Of the picture.
  public let embedding: [Float]?
  /// What the nearest truths are looked for with: the embedding of the EEG where the pipeline has one, else the
  /// picture's.
  public let query: [Float]?
}
