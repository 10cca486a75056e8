import OneiroGraph
import OneiroOps
import Testing

@Suite struct DataMovement {
  @Test("A constant is what its one attribute holds")
  func constants() throws {
    #expect(try OneNode(Constant.self, [], ["value_ints": .ints([1, 2])]).tensors()[0].int64s() == [1, 2])
    #expect(try OneNode(Constant.self, [], ["value_string": .string("é")]).tensors()[0].strings == ["é"])
    let sparse = SparseTensor(values: floats([5, 7]), indices: ints([0, 1, 1, 0], [2, 2]), dims: [2, 2])
    #expect(
      try OneNode(Constant.self, [], ["sparse_value": .sparseTensor(sparse)]).tensors()[0].doubles() == [0, 5, 7, 0])
    #expect(throws: KernelError.self) { try OneNode(Constant.self).run() }
    #expect(throws: KernelError.self) {
      try OneNode(Constant.self, [], ["value_int": .int(1), "value_float": .float(1)]).run()
    }
    let outside = SparseTensor(values: floats([5]), indices: ints([4]), dims: [2, 2])
    #expect(throws: KernelError.self) { try OneNode(Constant.self, [], ["sparse_value": .sparseTensor(outside)]).run() }
  }

  @Test(
    "Slices clamp the smallest and largest bounds, forwards and backwards",
    arguments: [
      (Int64.min, Int64.max, Int64(1), [0.0, 1, 2, 3, 4]), (.max, .min, -1, [4, 3, 2, 1, 0]), (.max, .min, .min, [4]),
      (1, .max, .max, [1]), (3, 1, 1, []), (-2, .max, 1, [3, 4]), (4, 0, -2, [4, 2]),
    ])
  func slices(_ start: Int64, _ end: Int64, _ step: Int64, _ expected: [Double]) throws {
    let node = OneNode(Slice.self, [counting(5), ints([start]), ints([end]), ints([0]), ints([step])])
    #expect(try node.tensors()[0].doubles() == expected)
  }

  @Test("A slice keeps a symbolic axis that it takes whole")
  func symbolicSlice() throws {
    let node = OneNode(Slice.self, [counting(2, 3), ints([0, 1]), ints([.max, 2])])
    let types = try node.infer(
      types: [.tensor(.float32, [.symbol("N"), .known(3)]), nil, nil].enumerated().map { $1 ?? node.inputs[$0]?.type })
    #expect(types == [.tensor(.float32, [.symbol("N"), .known(1)])])
  }

  @Test("Errors of slices name the reason")
  func badSlices() {
    #expect(throws: KernelError.self) {
      try OneNode(Slice.self, [counting(5), ints([0]), ints([1]), ints([0]), ints([0])]).run()
    }
    #expect(throws: GraphError.self) {
      try OneNode(Slice.self, [counting(5), ints([0]), ints([1]), ints([7])]).infer()
    }
    #expect(throws: KernelError.self) { try OneNode(Slice.self, [counting(5), ints([0, 0]), ints([1])]).run() }
  }

  @Test("Padding reflects as often as it has to, and crops")
  func pads() throws {
    func padded(_ x: Tensor, _ pads: [Int64], _ mode: String) throws -> [Double] {
      try OneNode(Pad.self, [x, ints(pads)], ["mode": .string(mode)]).tensors()[0].doubles()
    }
    #expect(try padded(counting(3), [5, 0], "reflect") == [1, 0, 1, 2, 1, 0, 1, 2])
    #expect(try padded(counting(1), [2, 1], "reflect") == [0, 0, 0, 0])
    #expect(try padded(counting(3), [-1, 2], "edge") == [1, 2, 2, 2])
    #expect(try padded(counting(3), [4, 0], "wrap") == [2, 0, 1, 2, 0, 1, 2])
    #expect(try padded(counting(3), [-2, -1], "constant") == [])
    #expect(throws: KernelError.self) { try padded(counting(3), [-2, -2], "constant") }
    #expect(throws: KernelError.self) { try padded(counting(3), [.max, 1], "constant") }
    #expect(throws: KernelError.self) { try padded(floats([]), [1, 0], "edge") }
    #expect(throws: KernelError.self) { try padded(counting(3), [1, 1], "mirror") }
  }

  @Test("4-bit elements are moved one by one")
  func packed() throws {
    let x = Tensor(.int4, codes: [1, 2, 3, 4, 5, 6], dims: [2, 3])
    #expect(try OneNode(Transpose.self, [x]).tensors()[0].codes() == [1, 4, 2, 5, 3, 6])
    #expect(try OneNode(Flatten.self, [x], ["axis": .int(0)]).tensors()[0].dims == [1, 6])
  }

  @Test("Split shares out what does not divide, down to nothing")
  func splits() throws {
    let parts = try OneNode(Split.self, [counting(7)], ["num_outputs": .int(3)], outputCount: 3).tensors()
    #expect(parts.map(\.dims) == [[3], [3], [1]])
    let few = try OneNode(Split.self, [counting(2)], ["num_outputs": .int(4)], outputCount: 4).tensors()
    #expect(few.map(\.dims) == [[1], [1], [0], [0]])
    #expect(throws: GraphError.self) { try OneNode(Split.self, [counting(3), ints([2, 2])], outputCount: 2).infer() }
    #expect(throws: KernelError.self) {
      try OneNode(Split.self, [counting(3), ints([.max, .max])], outputCount: 2).run()
    }
  }

  @Test("Indices past the end are errors")
  func indices() throws {
    #expect(try OneNode(Gather.self, [counting(2, 2), ints([-1])]).tensors()[0].doubles() == [2, 3])
    #expect(throws: KernelError.self) { try OneNode(Gather.self, [counting(2, 2), ints([2])]).run() }
    #expect(throws: KernelError.self) { try OneNode(GatherElements.self, [counting(3), ints([.min])]).run() }
    #expect(throws: KernelError.self) { try OneNode(GatherND.self, [counting(2, 2), ints([0, 5], [1, 2])]).run() }
    #expect(throws: KernelError.self) {
      try OneNode(ScatterND.self, [counting(3), ints([3], [1, 1]), floats([1])]).run()
    }
    #expect(throws: GraphError.self) { try OneNode(Gather.self, [counting(2), ints([0])], ["axis": .int(1)]).infer() }
  }

  @Test("Scattering an element twice combines with the reduction")
  func scatters() throws {
    func scatter(_ reduction: String) throws -> [Double] {
      try OneNode(
        ScatterElements.self, [floats([1, 2, 3]), ints([1, 1]), floats([5, -4])], ["reduction": .string(reduction)]
      ).tensors()[0].doubles()
    }
    #expect(try scatter("none") == [1, -4, 3])
    #expect(try scatter("add") == [1, 3, 3])
    #expect(try scatter("mul") == [1, -40, 3])
    #expect(try scatter("max") == [1, 5, 3])
    #expect(try scatter("min") == [1, -4, 3])
  }

  @Test("Sizes from data that cannot be are errors, not crashes")
  func sizes() {
    #expect(throws: KernelError.self) { try OneNode(ConstantOfShape.self, [ints([-1])]).run() }
    #expect(throws: KernelError.self) { try OneNode(ConstantOfShape.self, [ints([1 << 40, 1 << 40])]).run() }
    #expect(throws: KernelError.self) { try OneNode(Expand.self, [counting(1), ints([1 << 50])]).run() }
    #expect(throws: KernelError.self) { try OneNode(Tile.self, [counting(3), ints([.max])]).run() }
    #expect(throws: KernelError.self) { try OneNode(OneHot.self, [ints([0]), ints([1 << 50]), floats([0, 1])]).run() }
  }

  @Test("Inference knows what it can without values")
  func partialInference() throws {
    let rank2 = OneNode(Unsqueeze.self, [counting(2, 3), ints([0, 1])])
    #expect(try rank2.infer(knowsValues: false) == [.tensor(.float32, [.unknown, .unknown, .unknown, .unknown])])
    let concat = OneNode(Concat.self, [counting(2, 3), counting(2, 1)], ["axis": .int(-1)])
    #expect(
      try concat.infer(types: [
        .tensor(.float32, [.symbol("N"), .known(3)]), .tensor(.float32, [.known(2), .unknown]),
      ])
        == [.tensor(.float32, [.known(2), .unknown])])
    #expect(try OneNode(NonZero.self, [counting(2, 3)]).infer() == [.tensor(.int64, [.known(2), .unknown])])
  }

  @Test("NaN is one value to Unique, and nonzero")
  func nans() throws {
    let x = floats([.nan, -0.0, .nan, 0, -.infinity])
    let outputs = try OneNode(Unique.self, [x], outputCount: 4).run().compactMap { $0?.tensor }
    #expect(outputs[0].doubles().map(\.description) == ["-inf", "-0.0", "nan"])
    #expect(outputs[3].int64s() == [1, 2, 2])
    #expect(try OneNode(NonZero.self, [x]).run()[0]?.tensor?.int64s() == [0, 2, 4])
  }
}

@Suite struct Resizing {
  private func resized(_ x: Tensor, sizes: [Int64], _ attributes: [String: String]) throws -> [Double] {
    try OneNode(Resize.self, [x, nil, nil, ints(sizes)], attributes.mapValues { .string($0) }).tensors()[0].doubles()
  }

  @Test(
    "Every rounding of the nearest element",
    arguments: [
      ("round_prefer_floor", [0.0, 0, 1]), ("round_prefer_ceil", [0, 1, 1]), ("floor", [0, 0, 1]), ("ceil", [0, 1, 1]),
    ])
  func nearest(_ rounding: String, _ expected: [Double]) throws {
    let attributes = ["coordinate_transformation_mode": "align_corners", "nearest_mode": rounding]
    #expect(try resized(counting(2), sizes: [3], attributes) == expected)
  }

  @Test("Linear interpolation holds the edges")
  func linear() throws {
    #expect(try resized(counting(2), sizes: [4], ["mode": "linear"]) == [0, 0.25, 0.75, 1])
    #expect(
      try resized(counting(3), sizes: [1], ["mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"])
        == [0])
  }

  @Test("The cubic filter leaves a constant as it is", arguments: [0, 1])
  func cubic(_ antialias: Int64) throws {
    let attributes: [String: Attribute] = [
      "mode": .string("cubic"), "antialias": .int(antialias), "exclude_outside": .int(1),
    ]
    let node = OneNode(Resize.self, [floats([2, 2, 2, 2, 2]), nil, nil, ints([3])], attributes)
    for value in try node.tensors()[0].doubles() { #expect(abs(value - 2) < 1e-6) }
  }

  @Test("The length is what the scale in float32 makes it")
  func lengths() throws {
    #expect(try OneNode(Resize.self, [counting(10), nil, floats([0.7])]).tensors()[0].dims == [7])
  }

  @Test("What is needed and missing is an error")
  func errors() {
    #expect(throws: GraphError.self) { try OneNode(Resize.self, [counting(2)]).infer() }
    #expect(throws: KernelError.self) { try OneNode(Resize.self, [counting(2), nil, floats([.nan])]).run() }
    #expect(throws: KernelError.self) { try OneNode(Resize.self, [counting(2), nil, floats([2]), ints([4])]).run() }
    #expect(throws: KernelError.self) { try OneNode(Resize.self, [counting(2, 2), nil, nil, ints([4])]).run() }
    #expect(throws: KernelError.self) { try resized(floats([]), sizes: [2], [:]) }
  }
}

@Suite struct Regions {
  @Test("MaxRoiPool takes the maximum of each bin, the last pixel included")
  func maxRoiPool() throws {
    let node = OneNode(
      MaxRoiPool.self, [counting(1, 1, 4, 4), floats([0, 0, 0, 3, 3], [1, 5])], ["pooled_shape": .ints([2, 2])])
    #expect(try node.tensors()[0].doubles() == [5, 7, 13, 15])
    let outside = OneNode(
      MaxRoiPool.self, [counting(1, 1, 2, 2), floats([3, 0, 0, 1, 1], [1, 5])], ["pooled_shape": .ints([1, 1])])
    #expect(throws: KernelError.self) { try outside.run() }
  }

  @Test("A grid of NaN and infinity looks outside")
  func gridSample() throws {
    let grid = floats([.nan, 0, .infinity, 0], [1, 1, 2, 2])
    #expect(try OneNode(GridSample.self, [counting(1, 1, 2, 2), grid]).tensors()[0].doubles() == [0, 0])
    for padding in ["border", "reflection"] {
      #expect(
        try OneNode(GridSample.self, [counting(1, 1, 2, 2), grid], ["padding_mode": .string(padding)]).run()[0] != nil)
    }
  }

  @Test("Scores that are NaN select no box")
  func nonMaxSuppression() throws {
    let boxes = floats([0, 0, 1, 1, 0, 0, 1, 1, 5, 5, 6, 6], [1, 3, 4])
    let node = OneNode(
      NonMaxSuppression.self, [boxes, floats([0.5, 0.9, .nan], [1, 1, 3]), ints([5], []), floats([0.5], [])])
    #expect(try node.run()[0]?.tensor?.int64s() == [0, 0, 1])
  }
}

@Suite struct Texts {
  @Test("Text is cut at white space or at the delimiter, as often as allowed")
  func split() throws {
    let x = Tensor(strings: [" a  b c ", ""], dims: [2])
    let words = try OneNode(StringSplit.self, [x], ["maxsplit": .int(1)], outputCount: 2).run().compactMap {
      $0?.tensor
    }
    #expect(words[0].strings == ["a", "b c ", "", ""])
    #expect(words[1].int64s() == [2, 0])
    let fields = try OneNode(StringSplit.self, [x], ["delimiter": .string("  ")], outputCount: 2).run().compactMap {
      $0?.tensor
    }
    #expect(fields[0].strings == [" a", "b c ", "", ""])
  }

  @Test("A pattern that is none is an error before the run")
  func pattern() {
    let node = OneNode(RegexFullMatch.self, [Tensor(strings: ["a"], dims: [1])], ["pattern": .string("(")])
    #expect(throws: GraphError.self) { try node.infer() }
  }
}
