/// Pairs each trial with one of another stimulus.
public enum Mismatch {
  /// Of each trial, another one. Where no stimulus has more than half of the trials, every trial is the other of
  /// exactly one; a trial without any of another stimulus is its own.
  ///
  /// Trials stand in a random order, those of a stimulus side by side, and each is paired with the one so many places
  /// further as the most frequent stimulus has trials.
  /// - units: the same for trials of one stimulus.
  public static func pairs(_ units: [UInt64], seed: UInt64) -> [Int] {
    var generator = SeededGenerator(seed)
    let groups = Dictionary(grouping: units.indices, by: { units[$0] }).sorted { $0.value[0] < $1.value[0] }
      .map { $0.value.shuffled(using: &generator) }.shuffled(using: &generator)
    let order = groups.flatMap(\.self), shift = groups.map(\.count).max() ?? 0
    var pairs = Array(units.indices)
    for (place, trial) in order.enumerated() {
      let other = order[(place + shift) % order.count]
      if units[other] != units[trial] {
        pairs[trial] = other
      } else if let other = order.filter({ units[$0] != units[trial] }).randomElement(using: &generator) {
        pairs[trial] = other
      }
    }
    return pairs
  }
}
