import OneiroGraph

extension Conformance {
  private static let domain = "ai.oneiro"

  /// Weights with a scale for the tensor, for each position along an axis, or for each block along it.
  private struct Weights {
    let name: String
    let operands: [Case.Operand]
    let attributes: [String: Attribute]

    init(_ type: ElementType, _ dims: [Int], axis: Int, block: Int?, isPerTensor: Bool = false, hasZeroPoint: Bool) {
      let range = Self.range(type)
      var scales = isPerTensor ? [] : [dims[axis]]
      if let block {
        scales = dims
        scales[axis] = (dims[axis] + block - 1) / block
      }
      let zeroPoint = Tensor.randomInts(type, scales, range, seed: 4)
      operands = [
        .constant(.randomInts(type, dims, range, seed: 2)), .constant(.random(scales, 0.001...0.03, seed: 3)),
        hasZeroPoint ? .constant(zeroPoint) : .absent,
      ]
      var attributes: [String: Attribute] = ["axis": .int(Int64(axis))]
      if let block { attributes["block_size"] = .int(Int64(block)) }
      self.attributes = attributes
      let scaled = isPerTensor ? "one scale" : block.map { "blocks of \($0) along \(axis)" } ?? "scales along \(axis)"
      name = "\(type), \(scaled)\(hasZeroPoint ? ", zero points" : "")"
    }

    private static func range(_ type: ElementType) -> ClosedRange<Int> {
      switch type {
      case .int8: -128...127
      case .uint8: 0...255
      case .int4: -8...7
      default: 0...15
      }
    }
  }

  /// Sizes that leave tails of rows, columns, blocks and half bytes.
  static let weightQuantizedGemm: [Case] = {
    var cases: [Case] = []
    for (rows, depth, columns) in [(1, 1, 1), (7, 19, 37), (129, 64, 33), (13, 801, 70), (0, 4, 4), (3, 0, 5)] {
      for isTransposed in [false, true] {
        let dims = isTransposed ? [columns, depth] : [depth, columns], along = isTransposed ? 1 : 0
        var weights = [ElementType.int8, .uint8, .int4, .uint4].map { type in
          Weights(type, dims, axis: 1 - along, block: nil, hasZeroPoint: type == .uint4)
        }
        weights += [
          Weights(.int4, dims, axis: along, block: 32, hasZeroPoint: false),
          Weights(.uint4, dims, axis: along, block: 7, hasZeroPoint: true),
          Weights(.uint8, dims, axis: along, block: nil, hasZeroPoint: true),
          Weights(.int8, dims, axis: 0, block: nil, isPerTensor: true, hasZeroPoint: false),
        ]
        for weights in weights {
          var attributes = weights.attributes
          if isTransposed { attributes["transB"] = .int(1) }
          cases.append(
            Case(
              "WeightQuantizedGemm", domain: domain,
              "\(rows) x \(depth) x \(columns)\(isTransposed ? " transposed" : ""), \(weights.name)",
              [.input(.random([rows, depth]))] + weights.operands, attributes, tolerance: 2e-6))
        }
      }
    }
    for name in ["", "Gelu", "Relu", "SiLU", "Sigmoid", "Tanh"] {
      let weights = Weights(.int4, [45, 50], axis: 0, block: 32, hasZeroPoint: false)
      var attributes = weights.attributes
      attributes["activation"] = .string(Array(name.utf8))
      cases.append(
        Case(
          "WeightQuantizedGemm", domain: domain, "C and Z, ends with \"\(name)\"",
          [.input(.random([9, 45]))] + weights.operands + [
            .input(.random([50], seed: 5)), .input(.random([9, 50], seed: 6)),
          ], attributes, tolerance: 1e-5))
    }
    let weights = Weights(.int8, [8, 40], axis: 1, block: nil, hasZeroPoint: false)
    cases.append(
      Case(
        "WeightQuantizedGemm", domain: domain, "a NaN and infinities",
        [.input(Tensor.random([5, 8]).replacing([3: .nan, 17: .infinity]))] + weights.operands
          + [.input(Tensor.random([40], seed: 5).replacing([7: -.infinity]))], weights.attributes, tolerance: 1e-5))
    return cases
  }()

  /// One to three axes, groups, and what Winograd's formula takes.
  static let weightQuantizedConv: [Case] = {
    func ints(_ values: Int...) -> Attribute { .ints(values.map(Int64.init)) }
    let shapes: [(name: String, x: [Int], w: [Int], attributes: [String: Attribute])] = [
      ("3 x 3, padded", [2, 37, 9, 11], [13, 37, 3, 3], ["pads": ints(1, 1, 1, 1)]),
      ("1 x 1", [1, 67, 5, 7], [33, 67, 1, 1], [:]),
      ("strides of 2", [1, 5, 8, 8], [6, 5, 3, 3], ["strides": ints(2, 2), "pads": ints(0, 0, 1, 1)]),
      ("dilated", [1, 4, 12, 10], [3, 4, 3, 2], ["dilations": ints(2, 3), "pads": ints(2, 1, 2, 2)]),
      ("groups", [2, 12, 6, 5], [8, 6, 3, 3], ["group": .int(2), "pads": ints(1, 1, 1, 1)]),
      ("one axis", [2, 6, 40], [10, 6, 5], ["pads": ints(2, 2), "strides": ints(2)]),
      ("three axes", [1, 4, 5, 6, 7], [5, 4, 2, 3, 3], ["pads": ints(0, 1, 1, 1, 1, 1)]),
      ("many channels", [1, 72, 24, 20], [50, 72, 3, 3], ["pads": ints(1, 1, 1, 1)]),
      ("no images", [0, 4, 5, 5], [3, 4, 3, 3], [:]),
    ]
    var cases = shapes.flatMap { shape in
      [
        Weights(.int8, shape.w, axis: 0, block: nil, hasZeroPoint: false),
        Weights(.int4, shape.w, axis: 1, block: 32, hasZeroPoint: false),
        Weights(.uint4, shape.w, axis: 1, block: 3, hasZeroPoint: true),
        Weights(.uint8, shape.w, axis: 0, block: nil, hasZeroPoint: true),
      ].map { weights in
        Case(
          "WeightQuantizedConv", domain: domain, "\(shape.name), \(weights.name)",
          [.input(.random(shape.x))] + weights.operands, shape.attributes.merging(weights.attributes) { $1 },
          tolerance: 5e-5)
      }
    }
    for (x, w) in [([2, 6, 7, 9], [14, 6, 2, 2]), ([2, 70, 18, 21], [64, 70, 3, 3])] {
      let weights = Weights(.int8, w, axis: 0, block: nil, hasZeroPoint: false)
      let y = [x[0], w[0], x[2] - w[2] + 1, x[3] - w[3] + 1]
      for (name, z, activation) in [
        ("the output's shape, SiLU", y, "SiLU"), ("a number for each image and channel", [y[0], y[1], 1, 1], ""),
      ] {
        var attributes = weights.attributes
        attributes["activation"] = .string(Array(activation.utf8))
        cases.append(
          Case(
            "WeightQuantizedConv", domain: domain, "\(w[2]) x \(w[3]), a bias, added: \(name)",
            [.input(.random(x))] + weights.operands + [.input(.random([w[0]], seed: 5)), .input(.random(z, seed: 6))],
            attributes, tolerance: 5e-5))
      }
    }
    return cases
  }()
}
