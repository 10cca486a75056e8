import OneiroGraph
import OneiroOps
import Testing

@Suite struct MathTests {
  @Test func integerDivisionNeverTraps() throws {
    let lowest = int64s([.min, 7, -7]), divisors = int64s([-1, 2, 2])
    #expect(try run("Div", [lowest, divisors])[0].int64s() == [.min, 3, -3])
    #expect(throws: KernelError.self) { try run("Div", [lowest, int64s([0])]) }
    #expect(try run("Mod", [lowest, divisors])[0].int64s() == [0, 1, 1])
    #expect(try run("Mod", [lowest, divisors], ["fmod": .int(1)])[0].int64s() == [0, 1, -1])
    // Without fmod, the sign of the divisor, as Python has it.
    let dividends = floats([-7.5, 7.5, -6]), floatDivisors = floats([2, -2, 2])
    #expect(try run("Mod", [dividends, floatDivisors])[0].doubles() == [0.5, -0.5, 0])
    #expect(try run("Mod", [dividends, floatDivisors], ["fmod": .int(1)])[0].doubles() == [-1.5, 1.5, 0])
  }

  @Test func matrixProductsOfOddShapes() throws {
    #expect(try run("MatMul", [floats([1, 2, 3]), floats([4, 5, 6])])[0].doubles() == [32])
    let empty = try run("MatMul", [floats([], [2, 0]), floats([], [0, 3])])[0]
    #expect(empty.dims == [2, 3] && empty.doubles() == [0, 0, 0, 0, 0, 0])
    #expect(throws: GraphError.self) { try infer("MatMul", [floats([1, 2]), floats([1, 2, 3])]) }
    let b = floats([1, 2, 3, 4, 5, 6], [3, 2])
    let product = try run(
      "Gemm", [floats([1, 1], [1, 2]), b, floats([10])], ["transB": .int(1), "beta": .float(2)])[0]
    #expect(product.doubles() == [23, 27, 31])
  }

  @Test func softmaxStaysFiniteAndKeepsNothing() throws {
    #expect(try run("Softmax", [floats([1000, 1000])])[0].doubles() == [0.5, 0.5])
    #expect(try run("Softmax", [floats([], [2, 0])])[0].count == 0)
    #expect(throws: GraphError.self) { try run("Softmax", [floats([1])], ["axis": .int(3)]) }
  }

  @Test func castReadsAndWritesNumbers() throws {
    let strings = Tensor(strings: ["1.5", "-INF", "nan"], dims: [3])
    let read = try run("Cast", [strings], ["to": .int(Int64(ElementType.float32.rawValue))])[0].doubles()
    #expect(read[0] == 1.5 && read[1] == -.infinity && read[2].isNaN)
    let written = try run("Cast", [floats([0.1, -.infinity])], ["to": .int(Int64(ElementType.string.rawValue))])[0]
    #expect(written.strings == ["0.1", "-INF"])
    #expect(throws: KernelError.self) {
      try run("Cast", [Tensor(strings: ["no"], dims: [])], ["to": .int(Int64(ElementType.int32.rawValue))])
    }
    // 2^60 + 2^36 is a tie in float32; the last bit breaks it upwards, and a double would have lost it.
    let rounded = try run("Cast", [int64s([1 << 60 + 1 << 36 + 1])], ["to": .int(1)])[0].elements(of: Float.self)
    #expect(rounded == [Float(1 << 60 + 1 << 36 + 1 as Int64)])
  }

  @Test func topKPutsNaNFirstAndKeepsTheOrderOfEquals() throws {
    let outputs = try run("TopK", [floats([1, .nan, 3, 3]), int64s([3])], outputs: 2)
    #expect(outputs[1].int64s() == [1, 2, 3])
    #expect(throws: (any Error).self) { try run("TopK", [floats([1]), int64s([2])]) }
  }

  @Test func siluIsItsBody() throws {
    let x = floats([-3, 0, 2])
    let sigmoid = try run("Sigmoid", [x])[0], product = try run("Mul", [x, sigmoid])[0].doubles()
    for (a, b) in zip(try run("SiLU", domain: "ai.oneiro", [x])[0].doubles(), product) { #expect(abs(a - b) < 1e-6) }
  }

  @Test func einsumTakesDiagonalsAndEllipses() throws {
    let square = floats([1, 2, 3, 4], [2, 2])
    #expect(try run("Einsum", [square], ["equation": .string("ii->")])[0].doubles() == [5])
    #expect(try run("Einsum", [square, square], ["equation": .string("...i, ...i -> ...")])[0].doubles() == [5, 25])
    #expect(throws: GraphError.self) { try run("Einsum", [square], ["equation": .string("ijk->i")]) }
  }

  @Test func rangeCountsWithoutOverflow() throws {
    #expect(try run("Range", [int64s([10], []), int64s([4], []), int64s([-2], [])])[0].int64s() == [10, 8, 6])
    #expect(throws: (any Error).self) { try run("Range", [int64s([.min], []), int64s([.max], []), int64s([1], [])]) }
    #expect(throws: (any Error).self) { try run("Range", [int64s([0], []), int64s([1], []), int64s([0], [])]) }
  }
}
