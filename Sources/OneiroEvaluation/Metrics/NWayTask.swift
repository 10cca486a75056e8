/// The question of N-way top-K accuracy: is the true class among the K best of itself and N - 1 others that are drawn
/// without replacement? It is asked many times; the share of right answers is the score.
public struct NWayTask: Sendable {
  public let trueClass: Int
  /// The other classes of each question.
  public let picks: [[Int]]

  public init(trueClass: Int, picks: [[Int]]) {
    self.trueClass = trueClass
    self.picks = picks
  }

  /// Draws `draws` questions.
  /// - ways: N, up to the number of classes.
  public init(trueClass: Int, classCount: Int, ways: Int, draws: Int, using generator: inout NumpyGenerator) {
    precondition((0..<classCount).contains(trueClass) && (1...classCount).contains(ways))
    self.init(
      trueClass: trueClass,
      picks: (0..<draws).map { _ in
        // Classes from the true one on move up by one to make room for it.
        generator.choice(classCount - 1, count: ways - 1).map { $0 < trueClass ? $0 : $0 + 1 }
      })
  }

  /// The share of questions that the scores answer rightly. Another class of the same score counts as a better one, so
  /// that scores that are all the same are worth nothing.
  /// - scores: logits or probabilities, [classes].
  public func accuracy<Score: BinaryFloatingPoint>(_ scores: [Score], topK: Int) -> Double {
    guard !picks.isEmpty else { return .nan }
    let right = picks.count { others in others.count { !(scores[$0] < scores[trueClass]) } < topK }
    return Double(right) / Double(picks.count)
  }
}
