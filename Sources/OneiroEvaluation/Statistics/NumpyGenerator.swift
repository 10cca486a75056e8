import OneiroDream

/// NumPy's legacy generator, so that the same seed draws the same classes here and in programs that use NumPy.
public struct NumpyGenerator: Sendable {
  private var engine: MersenneTwister

  /// What `numpy.random.seed(seed)` does.
  public init(seed: UInt32) { engine = MersenneTwister(seed: seed) }

  /// Different numbers of 0 ..< population, in random order. What `numpy.random.choice(population, count,
  /// replace=False)` gives: the beginning of a whole permutation.
  /// - count: 0 ... population.
  public mutating func choice(_ population: Int, count: Int) -> [Int] {
    precondition((0...max(population, 0)).contains(count), "\(count) of \(population) without replacement")
    var numbers = Array(0..<population)
    for index in stride(from: population - 1, to: 0, by: -1) { numbers.swapAt(index, below(index)) }
    return Array(numbers[..<count])
  }

  /// A number of 0 ... largest: words are cut to as many bits as it has, and thrown away while they are larger.
  private mutating func below(_ largest: Int) -> Int {
    precondition(largest <= Int(UInt32.max))
    let mask = UInt32.max >> UInt32(UInt32(largest).leadingZeroBitCount)
    while true {
      let word = Int(engine.nextWord() & mask)
      if word <= largest { return word }
    }
  }
}
