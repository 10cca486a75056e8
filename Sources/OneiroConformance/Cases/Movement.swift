import OneiroGraph

extension Conformance {
  static let transpose: [Case] =
    [
      ([7, 5], [1, 0]), ([33, 65], [1, 0]), ([2, 3, 4], [2, 0, 1]), ([2, 17, 3, 5], [0, 2, 1, 3]),
      ([2, 3, 5, 7], [0, 2, 3, 1]),
      ([2, 5, 7, 3], [0, 3, 1, 2]), ([2, 3, 2, 3, 2], [4, 2, 0, 3, 1]), ([0, 3], [1, 0]), ([1, 9], [1, 0]),
      ([4, 1001], [1, 0]),
    ].map { (dims: [Int], order: [Int64]) in
      Case("Transpose", "\(dims) to \(order)", [.input(.random(dims))], ["perm": .ints(order)])
    }
    + [ElementType.int64, .uint8, .float16, .bool].map { type in
      Case("Transpose", "\(type)", [.input(.randomInts(type, [3, 5, 7], 0...1))], ["perm": .ints([1, 2, 0])])
    } + [Case("Transpose", "axes reversed where none are given", [.input(.random([2, 3, 4]))])]

  static let strided: [Case] = {
    let x = Tensor.random([4, 5, 6])
    func slice(_ name: String, _ x: Tensor, _ starts: [Int64], _ ends: [Int64], _ axes: [Int64], _ steps: [Int64])
      -> Case
    {
      Case(
        "Slice", name,
        [.input(x), .constant(.ints(starts)), .constant(.ints(ends)), .constant(.ints(axes)), .constant(.ints(steps))])
    }
    return [
      slice("middle", x, [1, 2], [3, 5], [0, 2], [1, 1]), slice("every second", x, [0], [6], [2], [2]),
      slice("backwards", x, [-1], [Int64.min], [1], [-1]), slice("backwards by 3", x, [5], [-7], [-1], [-3]),
      slice("ends past the axis", x, [2], [Int64.max], [0], [1]), slice("nothing left", x, [3], [3], [1], [1]),
      slice("1001 wide", .random([3, 1001]), [7], [996], [1], [3]),
      slice("int64", .randomInts(.int64, [9, 4]), [1], [8], [0], [2]),
      Case("Expand", "a row", [.input(.random([17])), .constant(.ints([5, 17]))]),
      Case("Expand", "a column", [.input(.random([5, 1])), .constant(.ints([5, 33]))]),
      Case("Expand", "a scalar", [.input(.random([])), .constant(.ints([3, 7]))]),
      Case("Expand", "the shape stretches too", [.input(.random([3, 1, 4])), .constant(.ints([2, 1, 5, 1]))]),
      Case("Expand", "to no elements", [.input(.random([3, 1])), .constant(.ints([3, 0]))]),
      Case("Tile", "both axes", [.input(.random([3, 7])), .constant(.ints([2, 3]))]),
      Case("Tile", "uint8", [.input(.randomInts(.uint8, [2, 3, 5], 0...255)), .constant(.ints([3, 1, 2]))]),
      Case("Tile", "zero times", [.input(.random([3, 7])), .constant(.ints([0, 1]))]),
      Case("SpaceToDepth", "blocks of 2", [.input(.random([2, 3, 6, 8]))], ["blocksize": .int(2)]),
      Case("SpaceToDepth", "blocks of 3", [.input(.random([1, 2, 6, 9]))], ["blocksize": .int(3)]),
      Case("DepthToSpace", "depth, column, row", [.input(.random([2, 12, 3, 5]))], ["blocksize": .int(2)]),
      Case(
        "DepthToSpace", "column, row, depth", [.input(.random([1, 18, 3, 2]))],
        ["blocksize": .int(3), "mode": .string("CRD")]),
    ]
  }()

  static let joining: [Case] = [
    Case("Concat", "last axis", [[3, 5], [3, 1], [3, 17]].map { .input(.random($0)) }, ["axis": .int(-1)]),
    Case("Concat", "first axis", [[1, 7], [4, 7]].map { .input(.random($0)) }, ["axis": .int(0)]),
    Case(
      "Concat", "middle axis, one of them empty", [[2, 3, 5], [2, 0, 5], [2, 4, 5]].map { .input(.random($0)) },
      ["axis": .int(1)]),
    Case("Concat", "one alone", [.input(.random([9]))], ["axis": .int(0)]),
    Case(
      "Concat", "with a constant", [.input(.random([2, 3])), .constant(.random([2, 1], seed: 2))], ["axis": .int(1)]),
    Case(
      "Concat", "twice the same", [.input(.randomInts(.int64, [5])), .input(.randomInts(.int64, [5]))],
      ["axis": .int(0)]),
    Case("Split", "equal parts", [.input(.random([4, 9]))], ["axis": .int(1), "num_outputs": .int(3)], outputs: 3),
    Case(
      "Split", "the last part is smaller", [.input(.random([7, 3]))], ["axis": .int(0), "num_outputs": .int(3)],
      outputs: 3),
    Case(
      "Split", "sizes given, one of them 0", [.input(.random([3, 17])), .constant(.ints([5, 0, 12]))],
      ["axis": .int(1)], outputs: 3),
  ]

  static let gather: [Case] = [
    Case("Gather", "rows", [.input(.random([9, 17])), .input(Tensor([3, 0, -1, 8, 3] as [Int64], dims: [5]))]),
    Case(
      "Gather", "a matrix of columns",
      [.input(.random([5, 7, 3])), .input(Tensor([6, 0, -7, 2] as [Int64], dims: [2, 2]))], ["axis": .int(1)]),
    Case(
      "Gather", "one, and the axis goes", [.input(.random([5, 33])), .input(Tensor(scalar: Int64(-2)))],
      ["axis": .int(1)]),
    Case(
      "Gather", "int32 indices of int64 data",
      [.input(.randomInts(.int64, [7, 2])), .input(Tensor([6, 1] as [Int32], dims: [2]))]),
    Case("Gather", "no indices", [.input(.random([5, 3])), .input(Tensor([] as [Int64], dims: [0]))]),
    Case("Gather", "constant indices", [.input(.random([5, 3])), .constant(.ints([4, 4, 0]))]),
    Case(
      "Gather", "constant table, as an embedding has it",
      [.constant(.random([100, 33])), .input(Tensor([99, 0, 50] as [Int64], dims: [1, 3]))]),
  ]

  static let pad: [Case] =
    ["constant", "edge", "reflect", "wrap"].flatMap { mode in
      [
        Case(
          "Pad", "\(mode), both sides", [.input(.random([3, 5, 7])), .constant(.ints([0, 2, 3, 1, 1, 2]))],
          ["mode": .string(mode)]),
        Case(
          "Pad", "\(mode), some axes",
          [.input(.random([2, 3, 4, 17])), .constant(.ints([1, 2])), .absent, .constant(.ints([-1]))],
          ["mode": .string(mode)]),
        Case(
          "Pad", "\(mode), negative pads crop", [.input(.random([6, 9])), .constant(.ints([-1, 2, 1, -3]))],
          ["mode": .string(mode)]),
      ]
    } + [
      Case(
        "Pad", "a value",
        [.input(.random([3, 3])), .constant(.ints([1, 0, 0, 2])), .constant(Tensor(scalar: Float(-7)))]),
      Case(
        "Pad", "a value that comes with the run",
        [.input(.random([3, 3])), .constant(.ints([1, 0, 0, 2])), .input(Tensor(scalar: Float(4)))]),
      Case("Pad", "nothing to pad with but the value", [.input(.random([0, 3])), .constant(.ints([2, 0, 1, 0]))]),
      Case(
        "Pad", "int64",
        [.input(.randomInts(.int64, [5])), .constant(.ints([2, 3])), .constant(Tensor(scalar: Int64(9)))]),
    ]

  static let choosing: [Case] =
    [
      ("equal shapes", [5, 17], [5, 17], [5, 17]), ("condition stretches", [5, 1], [5, 33], [5, 33]),
      ("a scalar for the rest", [7, 9], [7, 9], []),
      ("all stretch", [3, 1, 1], [1, 5, 1], [1, 1, 7]), ("no elements", [0, 3], [3], [1]),
      ("1001 wide", [1001], [1001], [1001]),
    ].map { (name: String, condition: [Int], x: [Int], y: [Int]) in
      Case(
        "Where", name, [.input(.randomInts(.bool, condition, 0...1)), .input(.random(x)), .input(.random(y, seed: 2))])
    } + [
      Case(
        "Where", "int64",
        [
          .input(.randomInts(.bool, [9], 0...1)), .input(.randomInts(.int64, [9])),
          .input(.randomInts(.int64, [9], seed: 2)),
        ])
    ]

  static let resize: [Case] = {
    var cases: [Case] = []
    func add(
      _ name: String, _ dims: [Int], scales: [Float]? = nil, sizes: [Int64]? = nil, _ attributes: [String: Attribute]
    ) {
      let operands: [Case.Operand] =
        [
          .input(.random(dims)), .absent, scales.map { .constant(Tensor($0, dims: [$0.count])) } ?? .absent,
        ] + (sizes.map { [.constant(.ints($0))] } ?? [])
      cases.append(Case("Resize", name, operands, attributes, tolerance: 5e-6))
    }
    for mode in ["nearest", "linear", "cubic"] {
      for transformation in ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric"]
      {
        let attributes: [String: Attribute] = [
          "mode": .string(mode), "coordinate_transformation_mode": .string(transformation),
        ]
        add("\(mode), \(transformation), twice", [1, 3, 5, 7], scales: [1, 1, 2, 2], attributes)
        add("\(mode), \(transformation), odd sizes", [1, 2, 9, 6], sizes: [1, 2, 4, 17], attributes)
      }
    }
    for rounding in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"] {
      add("nearest, \(rounding)", [1, 1, 5, 7], scales: [1, 1, 1.7, 0.6], ["nearest_mode": .string(rounding)])
    }
    add("linear, one axis", [2, 3, 17], scales: [1, 1, 2.5], ["mode": .string("linear")])
    add("linear, three axes", [1, 1, 3, 4, 5], scales: [1, 1, 2, 2, 2], ["mode": .string("linear")])
    add(
      "cubic, a = -0.5, nothing from outside", [1, 1, 6, 6], scales: [1, 1, 1.5, 1.5],
      ["mode": .string("cubic"), "cubic_coeff_a": .float(-0.5), "exclude_outside": .int(1)])
    add("linear, antialias", [1, 1, 9, 11], sizes: [1, 1, 4, 5], ["mode": .string("linear"), "antialias": .int(1)])
    add("no images", [0, 2, 3, 3], scales: [1, 1, 2, 2], [:])
    return cases
  }()
}
