import OneiroDream

/// True pictures that a picture is held against beside its own, each stimulus once. With up to `size` of them it is
/// all; with more, a random choice, so that the work grows with the number of trials and not with its square.
public struct Gallery: Sendable {
  public let truths: [Truth]
  private let units: [UInt64]

  /// - truth: that of a trial.
  init(count: Int, size: Int, seed: UInt64, truth: (Int) throws(DreamError) -> Truth) throws(DreamError) {
    var generator = SeededGenerator(seed)
    var places = Array(0..<count)
    var chosen: [UInt64: Truth] = [:]
    for index in places.indices {
      guard chosen.count < size else { break }
      // The next of a shuffle.
      if count > size { places.swapAt(index, Int.random(in: index..<count, using: &generator)) }
      let found = try truth(places[index])
      let unit = TruthSource.unit(found, stimulus: nil)
      if chosen[unit] == nil { chosen[unit] = found }
    }
    let ordered = chosen.sorted { $0.value.trial < $1.value.trial }
    truths = ordered.map(\.value)
    units = ordered.map(\.key)
  }

  /// How many truths there are to choose from, with the own one.
  public var ways: Int { truths.count }

  /// All but the own one; as many for every trial.
  func others(than own: Truth) -> ArraySlice<Truth> {
    let unit = TruthSource.unit(own, stimulus: nil)
    return zip(truths, units).filter { $0.1 != unit }.map(\.0).prefix(max(truths.count - 1, 0))
  }
}
