import OneiroDream
import OneiroPicture

/// What came out.
public struct EvaluationResult: Sendable {
  public let book: ScoreBook
  /// By the first measure.
  public var verdict: Verdict { Verdict(book) }
  /// By each measure.
  public var verdicts: [Verdict] { book.measures.map { Verdict(book, by: $0) } }
  public let split: SplitCheck?
  /// Some trials with what was made of them.
  public let examples: [Example]
  /// For each class that was shown, how many trials of it there were and their mean by the first measure.
  public let classes: [ClassScore]
  /// Fréchet distances of conditions whose pictures were drawn.
  public let frechet: [(condition: Condition, distance: Double)]
  /// What a reader should know beside the numbers.
  public let remarks: [String]

  public struct Example: Sendable {
    /// Its number in the file.
    public let trial: Int
    public let shown: Picture?
    public let answers: [(condition: Condition, picture: Picture)]
  }

  public struct ClassScore: Sendable, Equatable {
    public let number: Int
    public let trials: Int
    public let score: Double
  }

  /// Gathers `classes`.
  struct ClassScores {
    private var sums: [Int: (trials: Int, sum: Double)] = [:]

    mutating func add(_ number: Int?, score: Double?) {
      guard let number, let score, !score.isNaN else { return }
      sums[number, default: (0, 0)].trials += 1
      sums[number, default: (0, 0)].sum += score
    }

    var list: [ClassScore] {
      sums.sorted { $0.key < $1.key }.map {
        ClassScore(number: $0.key, trials: $0.value.trials, score: $0.value.sum / Double($0.value.trials))
      }
    }
  }

  /// The places of trials that serve as examples, chosen at random: data sets have an order of their own.
  static func examplePlaces(of count: Int, seed: UInt64) -> Set<Int> {
    var generator = SeededGenerator(seed, 2)
    return Set((0..<count).shuffled(using: &generator).prefix(8))
  }

  static func remarks(classCount: Int, trialCount: Int) -> [String] {
    classCount == 1 && trialCount > 1 ? ["All trials show one class: by classes, nothing can be told apart."] : []
  }
}
