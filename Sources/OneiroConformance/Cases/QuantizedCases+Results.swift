import OneiroGraph

extension QuantizedCases {
  static let normalizations: [Case] = {
    func end(_ type: ElementType) -> [Case.Operand] {
      [.input(one(.float32, 0.02)), .input(one(type, type == .int8 ? -3 : 120))]
    }
    var cases: [Case] = []
    for type in [ElementType.uint8, .int8] {
      for (dims, activation) in [([2, 6, 5, 7], ""), ([1, 6, 71, 67], "SiLU"), ([2, 6], "Relu"), ([0, 6, 3], "")] {
        cases.append(
          Case(
            "QuantizeGroupNormalization", domain: domain, "\(dims) to \(type), ends with \"\(activation)\"",
            [.input(.random(dims)), .constant(.random([6], seed: 2)), .constant(.random([6], seed: 3))] + end(type),
            ["num_groups": .int(3), "activation": .string(Array(activation.utf8))], tolerance: 0.008))
      }
      cases.append(
        Conformance.concatGroupNormalization(
          "[2, 4, 5, 7] and [2, 2, 5, 7] to \(type)", .random([2, 4, 5, 7]), .random([2, 2, 5, 7], seed: 2), groups: 2,
          "SiLU", ending: end(type)))
      for (dims, activation) in [([2, 6, 5, 7], ""), ([1, 6, 71, 67], "SiLU"), ([0, 6, 3], "")] {
        cases.append(
          Case(
            "FusedBatchNormalization", domain: domain, "\(dims) to \(type), ends with \"\(activation)\"",
            [.input(.random(dims))] + Conformance.batchStatistics(6) + end(type),
            ["activation": .string(Array(activation.utf8))], tolerance: 0.008))
      }
      for (dims, axis) in [([3, 5, 37], -1), ([2, 3, 11, 7], 2), ([2, 5003], 1), ([0, 4], -1)] {
        let row = [dims[(axis < 0 ? axis + dims.count : axis)...].reduce(1, *)]
        let shape = axis == 2 ? [11, 7] : row
        cases.append(
          Case(
            "QuantizeLayerNormalization", domain: domain, "\(dims) from axis \(axis) to \(type)",
            [
              .input(.random(dims)), .constant(.random(shape, seed: 2)),
              axis == 2 ? .absent : .constant(.random(shape, seed: 3)),
            ] + end(type), ["axis": .int(Int64(axis))], tolerance: 0.008))
      }
      cases.append(
        Case(
          "QuantizeLayerNormalization", domain: domain, "a NaN spoils its row, to \(type)",
          [
            .input(Tensor.random([3, 37]).replacing([40: .nan])), .constant(.random([37], seed: 2)),
            .constant(.random([37], seed: 3)),
          ] + end(type), tolerance: 0.008))
    }
    return cases
  }()

  /// Whose results are bytes again, of which some lie so near to the middle of two steps that a last bit decides.
  static let requantized: [Case] = [(ElementType.uint8, 0.0), (.uint8, 131), (.int8, -17)].flatMap { type, zeroPoint in
    let ending: [Case.Operand] = [.constant(one(.float32, 0.737)), .constant(one(type, zeroPoint))]
    let step = 1.0 / 255
    let relu: [String: Attribute] = ["activation": .string(Array("Relu".utf8)), "pads": .ints([1, 1, 1, 1])]
    let large = Case(
      "QuantizedConv", domain: domain, "large, to \(type) around \(zeroPoint)",
      centered(.uint8, [1, 40, 31, 34], .uint8, weights: [45, 40, 3, 3], channels: 45, 0...255) + ending, relu,
      tolerance: step)
    let coming = ending.map { Case.Operand.input($0.tensor!) }
    return [
      Case(
        "QuantizedGemm", domain: domain, "to \(type) around \(zeroPoint), which come with the run",
        operands(.int8, [19, 70], zeroPoint: 12, weights: [70, 45], channels: 45) + [.absent, .absent, .absent]
          + coming,
        tolerance: step),
      Case(
        "QuantizedGemm", domain: domain, "with C and Z to \(type) around \(zeroPoint)",
        operands(.int8, [19, 70], zeroPoint: 12, weights: [70, 45], channels: nil) + [
          .input(.random([45], -50...50, seed: 4)), .input(.random([19, 45], -50...50, seed: 5)), .absent,
        ] + ending, ["activation": .string(Array("Relu".utf8))], tolerance: step),
      Case(
        "QuantizedGemm", domain: domain, "to \(type) around \(zeroPoint)",
        centered(.uint8, [37, 70], .uint8, weights: [70, 45], channels: 45, 0...255) + ending, tolerance: step),
      Case(
        "QuantizedConv", domain: domain, "to \(type) around \(zeroPoint)",
        operands(.int8, [2, 6, 7, 9], zeroPoint: 12, weights: [14, 6, 3, 3], channels: 14) + [
          .absent, .input(.random([2, 14, 7, 9], -50...50, seed: 5)), .absent,
        ] + ending, relu, tolerance: step),
      large.byDefinition(), large.by("Winograd, 16 bits"),
      Case(
        "QuantizedConv", domain: domain, "none, to \(type) around \(zeroPoint)",
        operands(.uint8, [0, 4, 5, 5], zeroPoint: 7, weights: [3, 4, 3, 3], channels: nil) + [
          .absent, .absent, .absent,
        ] + ending, relu, tolerance: step),
    ]
  }

  /// Sums without any rounding, of which many lie in the middle of two steps: these go to the even number, before a zero
  /// point is added.
  static let requantizedHalves: [Case] = [(ElementType.uint8, 121.0), (.uint8, 120), (.int8, -3)].flatMap {
    type, zeroPoint in
    let ending: [Case.Operand] = [
      .absent, .absent, .absent, .constant(one(.float32, 4)), .constant(one(type, zeroPoint)),
    ]
    func exact(_ x: [Int], _ weights: [Int]) -> [Case.Operand] {
      [
        .input(.randomInts(.uint8, x, 0...15)), .constant(one(.float32, 0.5)), .constant(one(.uint8, 7)),
        .constant(.randomInts(.int8, weights, -4...4, seed: 2)), .constant(one(.float32, 0.25)),
      ]
    }
    return [
      Case(
        "QuantizedGemm", domain: domain, "halves to \(type) around \(zeroPoint)", exact([19, 20], [20, 45]) + ending,
        tolerance: 1e-9),
      Case(
        "QuantizedConv", domain: domain, "halves to \(type) around \(zeroPoint)",
        exact([1, 20, 7, 9], [14, 20, 3, 3]) + ending, tolerance: 1e-9),
    ]
  }
}
