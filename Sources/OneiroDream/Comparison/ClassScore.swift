import OneiroGraph

/// How many pictures the pipeline's own classifier puts in the class of the trial they came from.
public struct ClassScore: Sendable {
  public let predicted: [Int]
  public let labels: [Int]
  public var total: Int { labels.count }
  public var right: Int { zip(predicted, labels).count { $0 == $1 } }
  public func isWrong(_ index: Int) -> Bool { predicted[index] != labels[index] }

  /// - results: with the output `class_logits`; otherwise there is no score.
  public init?(_ results: [Dream.Result], _ recording: Recording) {
    guard let known = recording.labels else { return nil }
    let logits = results.compactMap { $0.outputs[PipelineInterface.classLogitsName]?.doubles() }
    guard logits.count == results.count, !results.isEmpty else { return nil }
    predicted = logits.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 }
    let samples = results.count / max(known.count, 1)
    labels = results.indices.map { Int(known[$0 / max(samples, 1)]) }
  }
}
