import OneiroGraph
import OneiroOps
import Testing

@Suite struct QuantizationTests {
  @Test func blocksShareAScaleAndTheLastMayBeShort() throws {
    let x = floats([1, 2, 3, 4, 5], [1, 5]), scale = floats([1, 2, 5], [1, 3])
    let attributes: [String: Attribute] = ["axis": .int(1), "block_size": .int(2)]
    let zeroPoint = Tensor(.int4, int64s: [0, 0, 0], dims: [1, 3])
    let quantized = try run("QuantizeLinear", [x, scale, zeroPoint], attributes)[0]
    #expect(quantized.elementType == .int4 && quantized.int64s() == [1, 2, 2, 2, 1])
    #expect(try run("DequantizeLinear", [quantized, scale], attributes)[0].doubles() == [1, 2, 4, 4, 5])
  }

  @Test func quantizingSaturatesAndRoundsHalvesToEven() throws {
    let x = floats([0.5, 1.5, 1000, -1000]), zeroPoint = Tensor([UInt8(10)], dims: [])
    #expect(try run("QuantizeLinear", [x, floats([1], []), zeroPoint])[0].int64s() == [10, 12, 255, 0])
    #expect(throws: GraphError.self) { try run("QuantizeLinear", [x, floats([1, 2])], ["axis": .int(0)]) }
  }

  @Test func paddingOfAQuantizedConvolutionIsZero() throws {
    let x = Tensor([UInt8](repeating: 3, count: 4), dims: [1, 1, 2, 2]), w = Tensor([UInt8(1), 1], dims: [1, 1, 1, 2])
    let point = Tensor([UInt8(1)], dims: [])
    let y = try run("ConvInteger", [x, w, point], ["auto_pad": .string("SAME_UPPER")])[0]
    #expect(y.dims == [1, 1, 2, 2] && y.int64s() == [4, 2, 4, 2])
  }
}
