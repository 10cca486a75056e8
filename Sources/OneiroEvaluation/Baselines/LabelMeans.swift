import OneiroDream

/// A decoder without parameters: the mean trial of each label; a new trial is given the label whose mean is nearest,
/// and as its picture the mean of the pictures of that label.
struct LabelMeans {
  private let training: TrainingTrials
  private let classCount: Int?
  /// For each label its rows, and the sum of their features.
  private var groups: [(rows: [Int], sum: [Double])] = []

  init(_ training: TrainingTrials, classCount: Int?) {
    self.training = training
    self.classCount = classCount
    let width = training.featureCount
    for (_, rows) in Dictionary(grouping: 0..<training.count, by: { training.labels[$0] }).sorted(by: {
      $0.key < $1.key
    }) {
      var sum = [Double](repeating: 0, count: width)
      for row in rows { Self.add(training, row, to: &sum, sign: 1) }
      groups.append((rows, sum))
    }
  }

  /// - features: of the trial.
  /// - heldOut: rows that are treated as if they were not there.
  /// - Returns: `nil` when nothing is left.
  func answer(_ features: [Float], heldOut: [Int], size: (width: Int, height: Int)) -> Answer? {
    var best: (distance: Double, rows: [Int])?
    var scores = classCount.map { [Float](repeating: -.infinity, count: $0) }
    for group in groups {
      let gone = group.rows.filter(heldOut.contains)
      let rows = group.rows.filter { !gone.contains($0) }
      guard !rows.isEmpty else { continue }
      var sum = group.sum
      for row in gone { Self.add(training, row, to: &sum, sign: -1) }
      var distance = 0.0
      for index in features.indices {
        let difference = Double(features[index]) - sum[index] / Double(rows.count)
        distance += difference * difference
      }
      if distance < best?.distance ?? .infinity { best = (distance, rows) }
      for row in rows {
        guard let known = training.truths[row].trueClass, scores != nil else { continue }
        scores![known] = max(scores![known], Float(-distance))
      }
    }
    guard let best else { return nil }
    var weights = [Double](repeating: 0, count: training.count)
    for row in best.rows { weights[row] = 1 / Double(best.rows.count) }
    return training.answer(weights: weights, classScores: scores, size: size)
  }

  private static func add(_ training: TrainingTrials, _ row: Int, to sum: inout [Double], sign: Double) {
    let start = row * training.featureCount
    for index in sum.indices { sum[index] += sign * Double(training.features[start + index]) }
  }
}
