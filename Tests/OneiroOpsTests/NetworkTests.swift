import OneiroGraph
import OneiroOps
import Testing

/// Cases that the standard's own test folders leave out: odd sizes, empty tensors, NaN, and inputs that do not fit.
@Suite struct NetworkTests {
  private func run(
    _ op: any Operator.Type, _ inputs: [Tensor?], outputs: Int = 1, _ attributes: [String: Attribute] = [:]
  ) throws -> [Tensor] {
    let node = Node(
      op.schema.op.opType, inputs: inputs.indices.map { inputs[$0] == nil ? "" : "in\($0)" },
      outputs: (0..<outputs).map { "out\($0)" }, attributes: attributes)
    let values = inputs.map { $0.map(Value.tensor) }
    let context = InferenceContext(node: node, schema: op.schema, inputs: values.map { $0?.type }, values: inputs)
    let types = try op.infer(context)
    let results = try op.evaluate(KernelCall(node: node, schema: op.schema, inputs: values, random: { 0.25 }))
    for index in 0..<outputs { #expect(results[index]?.type == types[index]) }
    return results.compactMap { $0?.tensor }
  }

  private func ramp(_ dims: [Int]) -> Tensor {
    Tensor(.float32, doubles: (0..<dims.reduce(1, *)).map(Double.init), dims: dims)
  }

  private func ones(_ dims: [Int]) -> Tensor { Tensor([Float](repeating: 1, count: dims.reduce(1, *)), dims: dims) }

  @Test func convOfOddSizes() throws {
    // Windows at -1, 2 and 5 of 0 ... 6: the first and the last hang over an end.
    let y = try run(Conv.self, [ramp([1, 1, 7]), ones([1, 1, 3])], ["strides": .ints([3]), "pads": .ints([1, 1])])
    #expect(y[0].doubles() == [1, 9, 11])
  }

  @Test func convKeepsASymbolicExtent() throws {
    let node = Node("Conv", inputs: ["x", "w"], outputs: ["y"], attributes: ["pads": .ints([1, 0, 1, 0])])
    let x: [Dimension] = [.symbol("N"), .known(4), .symbol("h"), .symbol("w")]
    let types = try Conv.infer(
      InferenceContext(
        node: node, schema: Conv.schema, inputs: [.tensor(.float32, x), .tensor(.float32, dims: [8, 4, 3, 3])],
        values: [nil, nil]))
    #expect(types == [.tensor(.float32, [.symbol("N"), .known(8), .symbol("h"), .unknown])])
  }

  @Test func convOfAnEmptyBatch() throws {
    let y = try run(Conv.self, [ramp([0, 2, 5]), ones([3, 2, 3])])
    #expect(y[0].dims == [0, 3, 3])
  }

  @Test func convKeepsInfinityUnderAZeroWeight() throws {
    let x = Tensor([Float.infinity, 1, 2], dims: [1, 1, 3]), w = Tensor([Float(0), 1], dims: [1, 1, 2])
    let y = try run(Conv.self, [x, w])[0].doubles()
    #expect(y[0].isNaN && y[1] == 2)
  }

  @Test(arguments: [
    ["strides": Attribute.ints([0])], ["strides": .ints([.max])], ["dilations": .ints([-1])], ["pads": .ints([1])],
    ["pads": .ints([.min, 0])], ["group": .int(0)], ["group": .int(.max)], ["kernel_shape": .ints([2])],
    ["auto_pad": .string("SAME")], ["dilations": .ints([1 << 30])],
  ])
  func convRefusesAttributesThatDoNotFit(attributes: [String: Attribute]) {
    #expect(throws: GraphError.self) { try run(Conv.self, [ramp([1, 2, 5]), ones([2, 2, 3])], attributes) }
  }

  @Test func convNamesWhatDoesNotFit() {
    let error = #expect(throws: GraphError.self) {
      try run(Conv.self, [ramp([1, 3, 5]), ones([2, 2, 3])])
    }
    #expect(
      error?.description.contains("expected 3 channels because X has 3 channels in 1 group, found 2 channels") == true)
  }

  @Test func kernelsCheckTheirInputsThemselves() {
    let node = Node("Conv", inputs: ["x", "w"], outputs: ["y"])
    for wrong in [Tensor(strings: ["a"], dims: [1, 1, 1]), Tensor([1.5], dims: [1, 1, 1]), ramp([1, 1])] {
      let call = KernelCall(node: node, schema: Conv.schema, inputs: [.tensor(wrong), .tensor(ones([1, 1, 1]))])
      #expect(throws: KernelError.self) { try Conv.reference(call) }
    }
  }

  @Test func transposedConvUndoesTheShapeOfConv() throws {
    let y = try run(
      ConvTranspose.self, [ones([1, 1, 3]), ones([1, 2, 3])], ["strides": .ints([2]), "output_padding": .ints([1])])
    #expect(y[0].dims == [1, 2, 8])
    #expect(Array(y[0].doubles()[..<8]) == [1, 1, 2, 1, 2, 1, 1, 0])
  }

  @Test func maxPoolLetsNaNWinAndCountsColumns() throws {
    let x = Tensor([1, .nan, 3, 4, 5, 6] as [Float], dims: [1, 1, 2, 3])
    let y = try run(MaxPool.self, [x], outputs: 2, ["kernel_shape": .ints([2, 2]), "storage_order": .int(1)])
    let largest = y[0].doubles()
    #expect(largest[0].isNaN && largest[1].isNaN)
    #expect(y[1].int64s() == [2, 2])
  }

  @Test func averagePoolCountsPaddingOnlyWhenAsked() throws {
    let attributes: [String: Attribute] = ["kernel_shape": .ints([3]), "pads": .ints([1, 1]), "strides": .ints([2])]
    let uncounted = try run(AveragePool.self, [ones([1, 1, 4])], attributes)
    #expect(uncounted[0].doubles() == [1, 1])
    let counted = attributes.merging(["count_include_pad": .int(1)]) { $1 }
    let y = try run(AveragePool.self, [ones([1, 1, 4])], counted)
    #expect(y[0].doubles() == [Double(Float(2.0 / 3)), 1])
  }

  @Test func instanceNormalizationOfAConstantPlaneIsItsBias() throws {
    let y = try run(InstanceNormalization.self, [ones([2, 1, 3]), ones([1]), Tensor([Float(7)], dims: [1])])
    #expect(y[0].doubles() == [Double](repeating: 7, count: 6))
  }

  @Test func groupNormalizationNeedsADivisor() {
    #expect(throws: GraphError.self) {
      try run(GroupNormalization.self, [ones([1, 4, 2]), ones([4]), ones([4])], ["num_groups": .int(3)])
    }
  }

  @Test func dropoutInTraining() throws {
    // Every draw of this test is 0.25.
    let yes = Tensor(scalar: true)
    let kept = try run(Dropout.self, [ones([2]), Tensor(scalar: Float(0.2)), yes], outputs: 2)
    #expect(kept[0].doubles() == [1.25, 1.25])
    let dropped = try run(Dropout.self, [ones([2]), Tensor(scalar: Float(0.5)), yes], outputs: 2)
    #expect(dropped[0].doubles() == [0, 0])
    #expect(dropped[1].int64s() == [0, 0])
  }

  @Test func attentionOfAMaskedQueryIsZero() throws {
    let q = ones([1, 1, 2, 2]), mask = Tensor([true, false, false, false], dims: [2, 2])
    let y = try run(Attention.self, [q, q, ramp([1, 1, 2, 2]), mask])
    #expect(y[0].doubles() == [0, 1, 0, 0])
  }

  @Test func attentionRefusesHeadsThatDoNotShareEvenly() {
    #expect(throws: GraphError.self) {
      try run(Attention.self, [ones([1, 3, 2, 2]), ones([1, 2, 2, 2]), ones([1, 2, 2, 2])])
    }
  }

  @Test func attentionHasFourWaysToShowItsScores() {
    let q = ones([1, 1, 2, 2])
    #expect(throws: GraphError.self) {
      try run(Attention.self, [q, q, q], outputs: 4, ["qk_matmul_output_mode": .int(4)])
    }
  }

  @Test func attentionWithoutScoresTakesTheRootOfTheHeadSize() throws {
    // Scores 2 / sqrt(4) and 0: the first value's weight is the sigmoid of 1.
    let q = Tensor([2, 0, 0, 0] as [Float], dims: [1, 1, 4])
    let k = Tensor([1, 0, 0, 0, 0, 0, 0, 0] as [Float], dims: [1, 2, 4])
    let v = Tensor([1, 0] as [Float], dims: [1, 2, 1])
    let y = try run(ScaledDotProductAttention.self, [q, k, v], ["heads": .int(1)])
    #expect(abs(y[0].doubles()[0] - 0.7310585786) < 1e-7)
    let unscaled = try run(ScaledDotProductAttention.self, [q, k, v], ["heads": .int(1), "scale": .float(0)])
    #expect(unscaled[0].doubles() == [0.5])
  }

  @Test(arguments: [
    ([2, 3, 4], [2, 5, 4], [2, 5, 4], 0, "attribute heads: expected 1 or more, found 0"),
    ([2, 3, 4], [2, 5, 4], [2, 5, 4], -1, "attribute heads: expected 1 or more, found -1"),
    ([2, 3, 4], [2, 5, 4], [2, 5, 4], 3, "expected a width of 3 equal heads, found 4"),
    ([2, 3, 4], [2, 5, 4], [2, 5, 5], 2, "expected a width of 2 equal heads, found 5"),
    ([3, 4], [2, 5, 4], [2, 5, 4], 2, "expected rank 3, found rank 2"),
    ([2, 3, 4], [1, 5, 4], [2, 5, 4], 2, "expected 2 along axis 0"),
    ([2, 3, 4], [2, 5, 4], [1, 5, 4], 2, "expected 2 along axis 0"),
    ([2, 3, 4], [2, 5, 4], [2, 6, 4], 2, "expected 5 along axis 1"),
    ([2, 3, 4], [2, 5, 6], [2, 5, 4], 2, "expected 4 along axis 2"),
  ]) func attentionWithoutScoresRefuses(q: [Int], k: [Int], v: [Int], heads: Int, sentence: String) {
    let error = #expect(throws: GraphError.self) {
      try run(ScaledDotProductAttention.self, [ones(q), ones(k), ones(v)], ["heads": .int(Int64(heads))])
    }
    #expect("\(error!)".contains(sentence), "\(error!)")
  }

  @Test(
    arguments: [
      ([4, 4], nil, "attribute qkv_widths: expected three numbers from 0 up, found [4, 4]"),
      ([4, -4, 4], nil, "attribute qkv_widths: expected three numbers from 0 up, found [4, -4, 4]"),
      (nil, [0, 0, 0], "attribute qkv_offsets: stands without qkv_widths"),
      ([4, 4, 4], [0, 9, 0], "input 1 \"in1\": expected rows of 9 + 4 or more"),
      ([4, 4, 4], [0, 0, .max], "input 2 \"in2\": expected rows of 9223372036854775807 + 4 or more"),
      ([3, 3, 4], nil, "expected a width of 2 equal heads, found 3"),
      ([4, 6, 4], nil, "input 1 \"in1\": expected 4 along axis 2"),
    ] as [([Int64]?, [Int64]?, String)])
  func attentionRefusesColumnsThatAreNotThere(widths: [Int64]?, offsets: [Int64]?, sentence: String) {
    var attributes: [String: Attribute] = ["heads": .int(2)]
    attributes["qkv_widths"] = widths.map(Attribute.ints)
    attributes["qkv_offsets"] = offsets.map(Attribute.ints)
    let error = #expect(throws: GraphError.self) {
      try run(ScaledDotProductAttention.self, [ones([2, 3, 12]), ones([2, 5, 12]), ones([2, 5, 12])], attributes)
    }
    #expect("\(error!)".contains(sentence), "\(error!)")
  }

  @Test func recurrentNetworksStopAtEachSequenceLength() throws {
    let lengths = Tensor([Int32(1), 0], dims: [2])
    let y = try run(
      RNN.self, [ones([3, 2, 1]), ones([1, 1, 1]), ones([1, 1, 1]), nil, lengths], outputs: 2,
      ["activations": .strings([Array("Relu".utf8)])])
    #expect(y[0].doubles() == [1, 0, 0, 0, 0, 0])
    #expect(y[1].doubles() == [1, 0])
    let tooLong = Tensor([Int32(4), 0], dims: [2])
    #expect(throws: KernelError.self) {
      try run(RNN.self, [ones([3, 2, 1]), ones([1, 1, 1]), ones([1, 1, 1]), nil, tooLong], outputs: 2)
    }
  }

  @Test func deformedTapsMayPointAnywhere() throws {
    let offset = Tensor([0.5, .nan, 100, -0.5] as [Float], dims: [1, 1, 4])
    let y = try run(DeformConv.self, [Tensor([2, 4, 6, 8] as [Float], dims: [1, 1, 4]), ones([1, 1, 1]), offset])
    #expect(y[0].doubles() == [3, 0, 0, 7])
  }

  @Test func positionsOutsideTheCacheAreRefused() {
    let cache = ones([4, 1]), positions = Tensor([Int64(4)], dims: [1, 1])
    #expect(throws: KernelError.self) { try run(RotaryEmbedding.self, [ones([1, 1, 1, 2]), cache, cache, positions]) }
  }
}
