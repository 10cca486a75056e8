import OneiroDream
import OneiroGraph
import Testing

/// The numbers that PyTorch itself drew, bit for bit.
@Suite struct TorchGeneratorTests {
  private let recorded: [String: Tensor]
  init() throws { recorded = try Golden.load("torch_rng") }

  /// 15 takes the small draw's path; 20 and 1000 have a remainder that is drawn anew.
  @Test(arguments: [(2022, 15), (2022, 16), (2022, 20), (2022, 64), (42, 1000)])
  func normalNumbers(seed: UInt64, count: Int) throws {
    var generator = TorchGenerator(seed: seed)
    let expected = try #require(recorded["randn.seed\(seed).n\(count)"]).elements(of: Float.self)
    #expect(generator.randn(count).map(\.bitPattern) == expected.map(\.bitPattern))
  }

  @Test func drawsFollowEachOther() throws {
    var generator = TorchGenerator(seed: 2022)
    for name in ["seq.a", "seq.b"] {
      let expected = try #require(recorded[name])
      let drawn = generator.randn(dims: expected.dims)
      #expect(drawn.dims == expected.dims)
      #expect(drawn.elements(of: Float.self) == expected.elements(of: Float.self), "\(name)")
    }
  }

  @Test func aSmallDrawKeepsItsSecondNumberForTheNext() {
    var together = TorchGenerator(seed: 5)
    var apart = TorchGenerator(seed: 5)
    #expect(together.randn(4) == apart.randn(1) + apart.randn(2) + apart.randn(1))
  }

  @Test func uniformNumbersAndIntegers() throws {
    var generator = TorchGenerator(seed: 2022)
    #expect(generator.rand(8) == (try #require(recorded["rand.seed2022.n8"])).elements(of: Float.self))
    generator = TorchGenerator(seed: 2022)
    #expect(
      generator.randint(0..<1000, count: 8)
        == (try #require(recorded["randint1000.seed2022.n8"])).elements(of: Int64.self))
  }

  @Test func onlyTheLowHalfOfASeedCounts() {
    var low = TorchGenerator(seed: 7)
    var high = TorchGenerator(seed: 7 | 1 << 32)
    #expect(low.randn(20) == high.randn(20))
  }

  @Test func integersOfAWideRangeStayInside() {
    var generator = TorchGenerator(seed: 1)
    let range = Int64.min..<Int64.max
    #expect(generator.randint(range, count: 100).allSatisfy(range.contains))
    #expect(generator.randint(-3..<(-2), count: 3) == [-3, -3, -3])
  }
}
