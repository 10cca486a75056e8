import OneiroDream

/// Linear regression from the EEG to everything that is known of the pictures: their pixels, classes and embeddings,
/// all by the same `KernelRidge`.
struct RidgeRegression {
  private let training: TrainingTrials
  private let classCount: Int?
  private let ridge: KernelRidge

  init(_ training: TrainingTrials, classCount: Int?) {
    self.training = training
    self.classCount = classCount
    let count = training.count, width = training.featureCount
    var kernel = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      let features = training.features[row * width..<(row + 1) * width]
      for column in 0...row {
        let value = Self.product(training, column, features)
        kernel[row * count + column] = value
        kernel[column * count + row] = value
      }
    }
    ridge = KernelRidge(kernel, labels: training.labels)
  }

  /// - features: of the trial.
  /// - heldOut: rows that are treated as if they were not there.
  /// - Returns: `nil` when nothing is left.
  func answer(_ features: [Float], heldOut: [Int], size: (width: Int, height: Int)) -> Answer? {
    let products = (0..<training.count).map { Self.product(training, $0, features[...]) }
    guard let weights = ridge.weights(products, heldOut: heldOut) else { return nil }
    var scores = classCount.map { [Float](repeating: 0, count: $0) }
    for (truth, weight) in zip(training.truths, weights) {
      if let known = truth.trueClass { scores?[known] += Float(weight) }
    }
    return training.answer(weights: weights, classScores: scores, size: size)
  }

  /// Of a row's features with others, a mean over them; and 1 more, for a feature that is the same in all trials.
  private static func product(_ training: TrainingTrials, _ row: Int, _ other: ArraySlice<Float>) -> Double {
    let width = training.featureCount
    let dot = training.features.withUnsafeBufferPointer { features in
      other.withUnsafeBufferPointer { other in
        var sum = 0.0
        for index in 0..<width { sum += Double(features[row * width + index]) * Double(other[index]) }
        return sum
      }
    }
    return dot / Double(max(width, 1)) + 1
  }
}
