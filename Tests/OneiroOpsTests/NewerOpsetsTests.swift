import OneiroGraph
import OneiroOps
import Testing

/// What opsets 24 to 28 brought, where ONNX's own cases say nothing of it.
@Suite struct NewerOpsetsTests {
  private func type(_ type: ElementType) -> Attribute { .int(Int64(type.rawValue)) }

  // MARK: - Math

  @Test func castRoundsToPowersOfTwo() throws {
    let numbers = floats([0, 1, 1.4, 1.5, 3, 0x1p127, 0x1.8p127, .infinity, .nan])
    func codes(_ mode: String, saturate: Int64) throws -> [UInt8] {
      try run(
        "Cast", [numbers],
        ["to": type(.float8e8m0), "round_mode": .string(mode), "saturate": .int(saturate)])[0].codes()
    }
    #expect(try codes("up", saturate: 1) == [0, 127, 128, 128, 129, 254, 254, 254, 255])
    #expect(try codes("down", saturate: 1) == [0, 127, 127, 127, 128, 254, 254, 254, 255])
    #expect(try codes("nearest", saturate: 0) == [255, 127, 127, 128, 129, 254, 255, 255, 255])
    #expect(throws: GraphError.self) { try codes("sideways", saturate: 1) }
  }

  @Test func castWrapsIntegersOfTwoBits() throws {
    let numbers = int64s([-3, -2, -1, 0, 1, 2, 3])
    #expect(try run("Cast", [numbers], ["to": type(.int2)])[0].int64s() == [1, -2, -1, 0, 1, -2, -1])
    #expect(try run("Cast", [numbers], ["to": type(.uint2)])[0].int64s() == [1, 2, 3, 0, 1, 2, 3])
  }

  @Test func shiftsOfAnyDistanceAreDefined() throws {
    let numbers = int64s([-8, -8, -8, 8]), distances = int64s([1, 64, .min, -1])
    let right = try run("BitShift", [numbers, distances], ["direction": .string("RIGHT")])[0]
    #expect(right.int64s() == [-4, -1, -1, 0])
    let left = try run("BitShift", [numbers, distances], ["direction": .string("LEFT")])[0]
    #expect(left.int64s() == [-16, 0, 0, 0])
  }

  @Test func bitCastKeepsTheBits() throws {
    #expect(try run("BitCast", [floats([1, -0.0])], ["to": type(.uint32)])[0].int64s() == [0x3F80_0000, 0x8000_0000])
    let bytes = Tensor([UInt8(0), 1, 2], dims: [3])
    #expect(try run("BitCast", [bytes], ["to": type(.bool)])[0].elements(of: Bool.self) == [false, true, true])
    #expect(throws: GraphError.self) { try run("BitCast", [floats([1])], ["to": type(.float64)]) }
    #expect(throws: GraphError.self) { try run("BitCast", [floats([1])], ["to": type(.string)]) }
    #expect(throws: GraphError.self) { try run("BitCast", [floats([1])], ["to": .int(.max)]) }
  }

  @Test func cumulativeProductsWrap() throws {
    #expect(try run("CumProd", [int64s([.max, 2, 3]), int64s([0], [])])[0].int64s() == [.max, -2, -6])
    #expect(try run("CumProd", [floats([], [0]), int64s([0], [])])[0].count == 0)
    #expect(throws: GraphError.self) { try run("CumProd", [floats([1]), int64s([1], [])]) }
  }

  @Test func remaindersOfFloatsHaveTheDivisorsSign() throws {
    let remainders = try run("Mod", [floats([6, 1, -1, 5]), floats([-3, .infinity, .infinity, 0])])[0].doubles()
    #expect(remainders[0] == 0 && remainders[0].sign == .minus)
    #expect(remainders[1] == 1 && remainders[2] == .infinity && remainders[3].isNaN)
  }

  @Test func gatesOfDifferentShapesAreRefused() throws {
    #expect(try run("SwiGLU", [floats([0, 1e6]), floats([3, 2])])[0].doubles() == [0, 2e6])
    #expect(throws: GraphError.self) { try run("SwiGLU", [floats([1, 2]), floats([1])]) }
  }

  // MARK: - Tensors

  @Test func scatteredUpdatesStayInside() throws {
    let cache = floats([0, 0, 0, 0], [1, 4, 1]), update = floats([1, 2], [1, 2, 1])
    func present(_ start: Int64, _ mode: String, axis: Int64 = 1) throws -> [Double] {
      try run("TensorScatter", [cache, update, int64s([start])], ["mode": .string(mode), "axis": .int(axis)])[0]
        .doubles()
    }
    #expect(try present(2, "linear") == [0, 0, 1, 2])
    #expect(try present(.max, "circular") == [2, 0, 0, 1])
    for (start, mode, axis) in [(3, "linear", 1), (-1, "circular", 1), (0, "round", 1), (0, "linear", 0)] {
      #expect(throws: (any Error).self) { try present(Int64(start), mode, axis: Int64(axis)) }
    }
  }

  @Test func spaceToDepthInEitherOrder() throws {
    let x = floats((0..<8).map(Float.init), [1, 2, 2, 2])
    func channels(_ mode: String) throws -> [Double] {
      try run("SpaceToDepth", [x], ["blocksize": .int(2), "mode": .string(mode)])[0].doubles()
    }
    #expect(try channels("DCR") == [0, 4, 1, 5, 2, 6, 3, 7])
    #expect(try channels("CRD") == [0, 1, 2, 3, 4, 5, 6, 7])
    #expect(throws: GraphError.self) { try channels("RCD") }
  }

  // MARK: - Attention

  /// One head of size 1 whose scores are all zero: each output is the mean of the values that its query sees.
  private func means(_ attributes: [String: Attribute], mask: Tensor? = nil, filled: [Int64]? = nil) throws -> [Double]
  {
    let queries = floats([0, 0], [1, 1, 2, 1]), values = floats([1, 2, 4, 8], [1, 1, 4, 1])
    let keys = floats([0, 0, 0, 0], [1, 1, 4, 1])
    return try run(
      "Attention", [queries, keys, values, mask, nil, nil, filled.map { int64s($0) }], attributes)[0].doubles()
  }

  @Test func attentionSeesItsWindow() throws {
    #expect(try means(["left_window_size": .int(0), "right_window_size": .int(1)]) == [1.5, 3])
    #expect(try means(["left_window_size": .int(.max), "right_window_size": .int(.max)]) == [3.75, 3.75])
    #expect(try means(["is_causal": .int(1), "right_window_size": .int(3)]) == [1, 1.5])
    #expect(throws: GraphError.self) { try means(["left_window_size": .int(-2)]) }
  }

  @Test func attentionSeesWhatIsFilled() throws {
    #expect(try means([:], filled: [2]) == [1.5, 1.5])
    // The first query stands in front of the only key.
    #expect(try means(["is_causal": .int(1)], filled: [1]) == [0, 1])
    let mask = Tensor([true, true, true], dims: [3])
    #expect(try means(["is_causal": .int(1)], mask: mask, filled: [4]).map { ($0 * 3).rounded() } == [7, 7])
    #expect(throws: (any Error).self) { try means([:], filled: [5]) }
    #expect(throws: (any Error).self) { try means([:], filled: [-1]) }
    #expect(throws: (any Error).self) { try means([:], filled: [1, 1]) }
    #expect(throws: (any Error).self) { try means([:], mask: Tensor([Float](repeating: 0, count: 5), dims: [5])) }
  }

  @Test func linearAttentionAsksForWhatItsRuleNeeds() throws {
    let query = floats([1, 1], [1, 2, 1]), decay = floats([0, -.infinity], [1, 2, 1])
    func output(_ rule: String, heads: Int64 = 1, _ inputs: [Tensor?]) throws -> [Double] {
      try run(
        "LinearAttention", [query, query, query] + inputs,
        ["q_num_heads": .int(heads), "kv_num_heads": .int(1), "update_rule": .string(rule)], outputs: 2)[0].doubles()
    }
    #expect(try output("linear", []) == [1, 2])
    #expect(try output("gated", [nil, decay]) == [1, 1])
    #expect(try output("linear", [floats([5], [1, 1, 1, 1])]) == [6, 7])
    #expect(throws: GraphError.self) { try output("gated", []) }
    #expect(throws: GraphError.self) { try output("linear", [nil, decay]) }
    #expect(throws: GraphError.self) { try output("fast", []) }
    #expect(throws: GraphError.self) { try output("linear", heads: 0, []) }
    #expect(throws: GraphError.self) { try output("linear", heads: 2, []) }
    #expect(throws: GraphError.self) { try output("gated", [nil, floats([0, 0, 0, 0], [1, 2, 2])]) }
  }

  @Test func causalConvolutionOfAnEmptyInputKeepsItsState() throws {
    let weight = floats([1, 10], [1, 1, 2]), state = floats([3], [1, 1, 1])
    let none = try run("CausalConvWithState", [floats([], [1, 1, 0]), weight, nil, state], outputs: 2)
    #expect(none[0].count == 0 && none[1].doubles() == [3])
    let some = try run("CausalConvWithState", [floats([1, 2], [1, 1, 2]), weight, floats([100]), state], outputs: 2)
    #expect(some[0].doubles() == [113, 121] && some[1].doubles() == [2])
    for bad in [floats([], [1, 1, 0]), floats([1, 2], [2, 1, 1]), floats([1], [1])] {
      #expect(throws: GraphError.self) { try run("CausalConvWithState", [floats([1], [1, 1, 1]), bad], outputs: 2) }
    }
  }

  /// Nothing lies in memory, but the extents that are not zero multiply to more than there is.
  @Test func emptyTensorsOfHugeExtents() throws {
    let huge = 1 << 40
    let heads = floats([], [huge, huge, 1, 0])
    let rows = floats([], [huge, huge, 0])
    #expect(throws: KernelError.self) { try OneNode(Attention.self, [heads, heads, heads]).run() }
    #expect(throws: KernelError.self) { try OneNode(FlexAttention.self, [heads, heads, heads]).run() }
    let none = floats([], [1, 1, 0, 0]), keys = floats([], [1, 1, huge, 0])
    #expect(throws: KernelError.self) { try OneNode(Attention.self, [none, keys, keys]).run() }
    #expect(throws: KernelError.self) { try OneNode(FlexAttention.self, [none, keys, keys]).run() }
    #expect(throws: KernelError.self) {
      try OneNode(
        LinearAttention.self, [rows, rows, rows],
        ["q_num_heads": .int(1), "kv_num_heads": .int(1), "update_rule": .string("linear")], outputCount: 2
      ).run()
    }
    let weight = floats([], [huge, 1, 0])
    #expect(throws: KernelError.self) { try OneNode(CausalConvWithState.self, [rows, weight], outputCount: 2).run() }
    #expect(throws: KernelError.self) { try OneNode(TensorScatter.self, [heads, heads], ["axis": .int(2)]).run() }
  }

  @Test func flexAttentionChecksItsGraphs() throws {
    let one = floats([1], [1, 1, 1, 1]),
      body = Attribute.graph(Graph("double", inputs: [ValueInfo("s", nil)], outputs: [ValueInfo("t", nil)]))
    var node = OneNode(FlexAttention.self, [one, one, floats([3], [1, 1, 1, 1])], ["prob_mod": body])
    node.runBody = { (_, inputs) throws(KernelError) in
      [.tensor(Tensor(.float32, doubles: inputs[0].tensor?.doubles().map { $0 * 2 } ?? [], dims: [1, 1, 1, 1]))]
    }
    #expect(try node.tensors()[0].doubles() == [6])
    node.runBody = { (_, _) throws(KernelError) in [.tensor(floats([1]))] }
    #expect(throws: KernelError.self) { try node.run() }
    node.attributes = ["softmax_precision": .int(7)]
    #expect(throws: KernelError.self) { try node.run() }
    #expect(throws: KernelError.self) { try OneNode(FlexAttention.self, [one, one, floats([1])]).run() }
    #expect(throws: KernelError.self) {
      try OneNode(
        FlexAttention.self, [floats([1, 1, 1], [1, 3, 1, 1])] + [counting(1, 2, 1, 1), counting(1, 2, 1, 1)]
      )
      .run()
    }
  }
}
