import OneiroGraph
import OneiroOps
import Testing

@Suite struct LogicTests {
  @Test func comparisonsKnowNaNAndUnsignedNumbers() throws {
    #expect(try run("Less", [floats([.nan]), floats([1])])[0].int64s() == [0])
    let large = Tensor([UInt64.max], dims: [1]), small = Tensor([UInt64(1)], dims: [1])
    #expect(try run("Greater", [large, small])[0].int64s() == [1])
  }

  @Test func whereChoosesStrings() throws {
    let words = Tensor(strings: ["a", "b"], dims: [2]), other = Tensor(strings: ["-"], dims: [])
    #expect(try run("Where", [Tensor([true, false], dims: [2]), words, other])[0].strings == ["a", "-"])
  }
}
