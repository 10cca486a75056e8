/// Whether a picture is more like its own truth than like others.
///
/// Everything here takes the similarity to the own truth and those to other truths; larger is more alike.
public enum Identification {
  /// The share of others that the own truth is strictly better than; NaN without others.
  public static func pairwise(own: Double, others: [Double]) -> Double {
    others.isEmpty || own.isNaN ? .nan : Double(others.count { own > $0 }) / Double(others.count)
  }

  /// The probability that the own truth is strictly better than `ways - 1` different others drawn at random: what the
  /// share of right answers tends to as one draws on and on.
  ///
  ///     C(worse, ways - 1) / C(others, ways - 1)
  public static func nWay(own: Double, others: [Double], ways: Int) -> Double {
    guard !others.isEmpty, !own.isNaN, ways >= 2, ways - 1 <= others.count else { return .nan }
    let worse = others.count { own > $0 }
    var probability = 1.0
    for index in 0..<ways - 1 { probability *= Double(max(worse - index, 0)) / Double(others.count - index) }
    return probability
  }

  /// Whether the own truth is among the `topK` best: 1 or 0.
  public static func isRetrieved(own: Double, others: [Double], topK: Int) -> Double {
    others.isEmpty || own.isNaN ? .nan : others.count { !($0 < own) } < topK ? 1 : 0
  }

  /// 0 where a vector has no direction.
  public static func cosine(_ one: [Float], _ other: [Float]) -> Double {
    precondition(one.count == other.count)
    var (dot, squareA, squareB) = (0.0, 0.0, 0.0)
    for (a, b) in zip(one, other) {
      dot += Double(a) * Double(b)
      squareA += Double(a) * Double(a)
      squareB += Double(b) * Double(b)
    }
    return squareA > 0 && squareB > 0 ? dot / (squareA * squareB).squareRoot() : 0
  }
}
