import OneiroDream

/// True pictures that a picture is held against beside its own. With up to `size` trials it is those of all of them; with
/// more, of a random choice, so that the work grows with the number of trials and not with its square.
public struct Gallery: Sendable {
  public let truths: [Truth]

  /// - truth: that of a trial.
  init(count: Int, size: Int, seed: UInt64, truth: (Int) throws(DreamError) -> Truth) throws(DreamError) {
    var generator = SeededGenerator(seed)
    var places = Array(0..<count)
    // The first `size` of a shuffle.
    for index in 0..<min(size, count) where count > size {
      places.swapAt(index, Int.random(in: index..<count, using: &generator))
    }
    var truths: [Truth] = []
    for place in places.prefix(size).sorted() { truths.append(try truth(place)) }
    self.truths = truths
  }

  /// How many truths there are to choose from, with the own one.
  public var ways: Int { truths.count }

  /// All but the own one; as many for every trial.
  func others(than own: Truth) -> ArraySlice<Truth> {
    truths.filter { $0.trial != own.trial }.prefix(max(truths.count - 1, 0))
  }
}
