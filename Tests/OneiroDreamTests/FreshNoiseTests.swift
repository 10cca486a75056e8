import OneiroDream
import Testing

@Suite struct FreshNoiseTests {
  private func draw(_ noise: inout FreshNoise, count: Int) -> [Float] {
    var memory = [Float](repeating: 0, count: count)
    memory.withUnsafeMutableBufferPointer { noise.fill($0) }
    return memory
  }

  @Test(arguments: [5, 64, 100]) func aPictureHasTheSameStreamInEveryBatch(size: Int) {
    var both = FreshNoise(count: 2)
    both.start(seed: 7, first: 3)
    var second = FreshNoise(count: 1)
    second.start(seed: 7, first: 4)
    for _ in 0..<3 {
      let (two, one) = (draw(&both, count: 2 * size), draw(&second, count: size))
      #expect(Array(two.suffix(size)) == one)
      #expect(Array(two.prefix(size)) != one)
    }
    // Not the stream of the starting noise, and the same again from the start.
    second.start(seed: 7, first: 0)
    let first = draw(&second, count: size)
    var starting = TorchGenerator(seed: 7)
    #expect(first != starting.randn(size))
    second.start(seed: 7, first: 0)
    #expect(draw(&second, count: size) == first)
  }

  /// Written down, so that pictures can be made again with another program.
  @Test func theStreamsSeedsStay() {
    #expect(FreshNoise.streamSeed(0, picture: 0) == 3_793_791_033)
    #expect(FreshNoise.streamSeed(1 << 32, picture: 0) == FreshNoise.streamSeed(0, picture: 0))
    #expect(Set((0..<100).map { FreshNoise.streamSeed(0, picture: $0) }).count == 100)
  }
}
