/// The scores of all trials so far: for each condition and measure a mean with its interval.
public struct ScoreBook: Sendable {
  /// The first one is what the others are held against.
  public let conditions: [Condition]
  /// What people call the first one.
  public let mainTitle: String
  public let measures: [Measure]
  private var bootstrap: PoissonBootstrap
  public private(set) var trialCount = 0

  init(_ conditions: [Condition], mainTitle: String? = nil, _ measures: [Measure], replicates: Int, seed: UInt64) {
    precondition(!conditions.isEmpty)
    self.conditions = conditions
    self.mainTitle = mainTitle ?? conditions[0].title
    self.measures = measures
    bootstrap = PoissonBootstrap(width: conditions.count * measures.count, replicates: replicates, seed: seed)
  }

  /// - unit: the same for trials that are no independent observations.
  /// - scores: for each condition one for each measure, larger for better answers.
  mutating func add(unit: UInt64, _ scores: [[Double]]) {
    bootstrap.add(unit: unit, scores.flatMap { $0 })
    trialCount += 1
  }

  public var main: Condition { conditions[0] }
  public var controls: ArraySlice<Condition> { conditions.dropFirst() }

  /// What people call a condition.
  public func title(_ condition: Condition) -> String { condition == main ? mainTitle : condition.title }

  /// How many stimuli there were, or trials, where it is not known what was shown.
  public var unitCount: Int { bootstrap.unitCount }

  /// In the measure's own direction.
  public func estimate(_ condition: Condition, _ measure: Measure) -> Estimate? {
    guard let column = column(condition, measure), let found = bootstrap.estimate(column) else { return nil }
    return isFlipped(measure)
      ? Estimate(mean: -found.mean, low: -found.high, high: -found.low, count: found.count) : found
  }

  /// By how much the main condition is better than a control in the same trials; above 0 is better, whatever the
  /// measure.
  public func advantage(over control: Condition, _ measure: Measure) -> Estimate? {
    guard let first = column(main, measure), let second = column(control, measure) else { return nil }
    return bootstrap.difference(first, second)
  }

  /// Whether it is better beyond the interval of the difference; `nil` where that cannot be told.
  public func beats(_ control: Condition, _ measure: Measure) -> Bool? {
    advantage(over: control, measure).map { $0.low > 0 }
  }

  /// Distances come in with their sign turned.
  private func isFlipped(_ measure: Measure) -> Bool { !measure.isBetterWhenLarger }

  private func column(_ condition: Condition, _ measure: Measure) -> Int? {
    guard let row = conditions.firstIndex(of: condition), let column = measures.firstIndex(of: measure) else {
      return nil
    }
    return row * measures.count + column
  }
}
