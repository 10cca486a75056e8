import OneiroGraph
import OneiroQuantization
import Testing

/// Numbers worked out by hand.
@Suite struct WeightArithmeticTests {
  private func tensor(_ elements: [Float], _ dims: [Int]) -> Tensor { Tensor(elements, dims: dims) }

  @Test("Each channel has a scale, and halves are rounded to even numbers")
  func channels() throws {
    // Scale 1 along the rows: 127 is the largest of each.
    let weight = tensor([127, 0.5, 1.5, -127, 2.5, -0.5], [2, 3])
    let rows = try ChannelQuantization.quantize(weight, axis: 0, name: "w")
    #expect(rows.scales.elements(of: Float.self) == [1, 1] && rows.axis == 0 && rows.blockSize == 0)
    #expect(rows.elements.elements(of: Int8.self) == [127, 0, 2, -127, 2, 0])
    // Along the columns: 127 / 127, 2.5 / 127, 1.5 / 127.
    let columns = try ChannelQuantization.quantize(weight, axis: 1, name: "w")
    #expect(columns.scales.elements(of: Float.self) == [1, 2.5 / 127, 1.5 / 127])
    #expect(columns.elements.elements(of: Int8.self) == [127, 25, 127, -127, 127, -42])
  }

  @Test("A channel in the middle of the axes")
  func middleAxis() throws {
    let weight = tensor([1, -2, 10, 20, 4, 3, -40, 5], [2, 2, 2])
    let result = try ChannelQuantization.quantize(weight, axis: 1, name: "w")
    #expect(result.scales.elements(of: Float.self) == [4.0 / 127, 40.0 / 127])
    #expect(result.elements.elements(of: Int8.self) == [32, -64, 32, 64, 127, 95, -127, 16])
  }

  @Test("A channel of zeros has scale 1, one of denormals a scale that is normal")
  func zeros() throws {
    let weight = tensor([0, 0, 1e-44, -1e-44], [2, 2])
    let result = try ChannelQuantization.quantize(weight, axis: 0, name: "w")
    #expect(result.scales.elements(of: Float.self) == [1, .leastNormalMagnitude])
    #expect(result.elements.elements(of: Int8.self) == [0, 0, 0, 0])
    let blocks = try BlockQuantization.quantize(tensor([Float](repeating: 0, count: 64), [64, 1]), axis: 0, name: "w")
    #expect(blocks.scales.doubles() == [1, 1] && blocks.elements.int64s().allSatisfy { $0 == 0 })
  }

  @Test("Blocks of 32, the last one short, along an axis that is not the last")
  func blocks() throws {
    // Two columns of 40 with a 7 in either block: one is exact with scale 1, the other is twice that.
    let column = (0..<40).map { Float($0 * 7 % 15 - 7) }
    let weight = tensor(column.flatMap { [$0, 2 * $0] }, [40, 2])
    let result = try BlockQuantization.quantize(weight, axis: 0, name: "w")
    #expect(result.scales.dims == [2, 2] && result.elements.elementType == .int4)
    #expect(result.scales.doubles() == [1, 2, 1, 2] && result.scales.stored?.type == .float16)
    #expect(result.elements.int64s() == column.flatMap { [Int64($0), Int64($0)] })
    #expect(result.noise.decibels == .infinity)
  }

  @Test("The scale of a block is the one that leaves the least error")
  func clipping() throws {
    // With -8 as -7 steps the ones would be off by a seventh; as -8 steps all are exact.
    let values = [Float](repeating: 1, count: 31) + [-8]
    let result = try BlockQuantization.quantize(tensor(values, [32, 1]), axis: 0, name: "w")
    #expect(result.scales.doubles() == [1] && result.noise.decibels == .infinity)
  }

  @Test("A weight that is not finite is refused by name and place", arguments: [Float.nan, .infinity])
  func notFinite(_ value: Float) throws {
    let weight = tensor([1, value], [1, 2])
    let ofChannels = #expect(throws: GraphError.self) {
      _ = try ChannelQuantization.quantize(weight, axis: 1, name: "w")
    }
    let ofBlocks = #expect(throws: GraphError.self) {
      _ = try BlockQuantization.quantize(weight, axis: 1, name: "w")
    }
    for error in [ofChannels, ofBlocks] {
      #expect(error?.description.contains("tensor \"w\": element 1: expected a finite number") == true)
    }
  }

  @Test("Activations: zero is exact, what lies outside is cut off")
  func activations() {
    let both = ActivationQuantization(low: -1, high: 254)
    #expect(both == ActivationQuantization(scale: 1, zeroPoint: 1))
    #expect(both.rounded(0) == 0 && both.rounded(300) == 254 && both.rounded(-9) == -1 && both.rounded(2.5) == 2)
    // A range that leaves out zero is widened to it.
    #expect(ActivationQuantization(low: 51, high: 255) == ActivationQuantization(scale: 1, zeroPoint: 0))
    #expect(ActivationQuantization(low: -510, high: -2) == ActivationQuantization(scale: 2, zeroPoint: 255))
    #expect(ActivationQuantization(low: 0, high: 0).scale == 1)
    let wide = ActivationQuantization(low: -.greatestFiniteMagnitude, high: .greatestFiniteMagnitude)
    #expect(wide.scale.isFinite && wide.zeroPoint == 128)
  }
}
