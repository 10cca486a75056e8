import OneiroGraph
import OneiroOps
import Testing

@Suite struct ReductionTests {
  @Test(arguments: [
    ("ReduceSum", 0.0), ("ReduceProd", 1), ("ReduceMax", -.infinity), ("ReduceMin", .infinity), ("ReduceL1", 0),
    ("ReduceL2", 0), ("ReduceSumSquare", 0), ("ReduceLogSum", -.infinity), ("ReduceLogSumExp", -.infinity),
  ]) func overNothingIsTheIdentity(_ opType: String, _ identity: Double) throws {
    let reduced = try run(opType, [floats([], [2, 0]), int64s([1])])[0]
    #expect(reduced.dims == [2, 1] && reduced.doubles() == [identity, identity])
  }

  @Test func noAxesAreAllOrNone() throws {
    let data = floats([3, 4])
    #expect(try run("ReduceSumSquare", [data], ["keepdims": .int(0)])[0].doubles() == [25])
    #expect(try run("ReduceSumSquare", [data], ["noop_with_empty_axes": .int(1)])[0].doubles() == [9, 16])
    #expect(throws: GraphError.self) { try run("ReduceSum", [data, int64s([2])]) }
  }

  @Test func largeExponentsDoNotOverflow() throws {
    #expect(try run("ReduceLogSumExp", [floats([1000, -.infinity])])[0].doubles() == [1000])
  }
}
