import OneiroGraph

extension Conformance {
  private static let domain = "ai.oneiro"

  private static func bytes(_ type: ElementType, _ dims: [Int], seed: Int = 1) -> Tensor {
    .randomInts(type, dims, type == .int8 ? -128...127 : 0...255, seed: seed)
  }

  private static func one(_ type: ElementType, _ value: Double) -> Tensor { Tensor(type, doubles: [value], dims: []) }

  /// Activations with a scale and a zero point, which are constants as in a file, weights with `channels` scales.
  private static func operands(
    _ type: ElementType, _ x: [Int], zeroPoint: Double, weights: [Int], channels: Int?
  ) -> [Case.Operand] {
    [
      .input(bytes(type, x)), .constant(one(.float32, 0.02)), .constant(one(type, zeroPoint)),
      .constant(bytes(.int8, weights, seed: 2)),
      .constant(channels.map { .random([$0], 0.001...0.03, seed: 3) } ?? one(.float32, 0.01)),
    ]
  }

  /// Scale and zero point of activations that come with the run, as where they are quantized by what it brings.
  private static func dynamic(_ operands: [Case.Operand]) -> [Case.Operand] {
    operands.enumerated().map { index, operand in
      guard (1...2).contains(index), let tensor = operand.tensor else { return operand }
      return .input(tensor)
    }
  }

  /// Weights with zero points, after the inputs before them: what stays within a signed byte less its zero point, what
  /// does not, and both in turn.
  private static func centered(
    _ x: ElementType, _ dims: [Int], _ type: ElementType, weights: [Int], channels: Int, _ range: ClosedRange<Int>
  ) -> [Case.Operand] {
    [
      .input(bytes(x, dims)), .input(one(.float32, 0.02)), .input(one(x, x == .int8 ? -7 : 113)),
      .constant(.randomInts(type, weights, range, seed: 2)), .constant(.random([channels], 0.001...0.03, seed: 3)),
      .input(.random([channels], seed: 4)), .absent,
      .constant(.randomInts(type, [channels], type == .int8 ? -128...127 : 0...255, seed: 6)),
    ]
  }

  /// Sizes that leave tails of bytes, rows and columns; both types of activations, and zero points at their ends.
  static let quantizedGemm: [Case] = {
    var cases: [Case] = []
    let sizes = [(1, 1, 1), (7, 19, 37), (129, 64, 33), (13, 1601, 70), (12, 8, 32), (0, 4, 4), (3, 0, 5)]
    for (rows, depth, columns) in sizes + (2...11).map({ ($0, 12, 40) }) {
      for (type, zeroPoint) in [(ElementType.uint8, 113.0), (.int8, -128)] {
        cases.append(
          Case(
            "QuantizedGemm", domain: domain, "\(rows) x \(depth) x \(columns) of \(type)",
            operands(type, [rows, depth], zeroPoint: zeroPoint, weights: [depth, columns], channels: columns),
            tolerance: 1e-6))
      }
    }
    for (type, zeroPoint) in [(ElementType.uint8, 0.0), (.int8, 5)] {
      let plain = operands(type, [7, 19], zeroPoint: zeroPoint, weights: [19, 37], channels: 37)
      cases.append(
        Case(
          "QuantizedGemm", domain: domain, "7 x 19 x 37 of \(type), scales that come with the run", dynamic(plain),
          tolerance: 1e-6))
    }
    for name in ["", "Gelu", "Relu", "SiLU", "Sigmoid", "Tanh"] {
      cases.append(
        Case(
          "QuantizedGemm", domain: domain, "transposed, with C and Z, ends with \"\(name)\"",
          operands(.uint8, [9, 22], zeroPoint: 255, weights: [50, 22], channels: nil) + [
            .input(.random([50], seed: 4)), .input(.random([9, 50], seed: 5)),
          ], ["transB": .int(1), "activation": .string(Array(name.utf8))], tolerance: 1e-5))
    }
    cases.append(
      Case(
        "QuantizedGemm", domain: domain, "a NaN and infinities in C and Z",
        operands(.uint8, [5, 8], zeroPoint: 3, weights: [8, 40], channels: 40) + [
          .input(Tensor.random([40], seed: 4).replacing([7: .infinity])),
          .input(Tensor.random([5, 40], seed: 5).replacing([3: .nan, 50: -.infinity])),
        ], ["activation": .string(Array("Relu".utf8))], tolerance: 1e-5))
    for (type, range) in [(ElementType.uint8, 0...255), (.uint8, 100...140), (.int8, -128...127)] {
      for (rows, depth, columns) in [(7, 19, 37), (129, 64, 33), (3, 1601, 5), (0, 4, 4), (3, 0, 5)] {
        cases.append(
          Case(
            "QuantizedGemm", domain: domain, "\(rows) x \(depth) x \(columns), weights of \(type) in \(range)",
            centered(
              rows % 2 == 0 ? .uint8 : .int8, [rows, depth], type, weights: [depth, columns], channels: columns, range),
            tolerance: 2e-6))
      }
    }
    cases.append(
      Case(
        "QuantizedGemm", domain: domain, "transposed, one zero point",
        Array(operands(.uint8, [9, 22], zeroPoint: 255, weights: [50, 22], channels: nil).prefix(3)) + [
          .constant(bytes(.uint8, [50, 22], seed: 2)), .constant(one(.float32, 0.01)), .absent,
          .input(.random([9, 50], seed: 5)), .constant(one(.uint8, 200)),
        ], ["transB": .int(1)], tolerance: 2e-6))
    return cases
  }()

  /// Halves that fill no whole panel, and sums of several blocks; a byte that is rounded the other way may differ by 1.
  static let quantizedGEGLU: [Case] = {
    func end(_ type: ElementType, _ scale: Double = 0.2) -> [Case.Operand] {
      [.constant(one(.float32, scale)), .constant(one(type, type == .int8 ? -3 : 120))]
    }
    func text(_ value: String) -> Attribute { .string(Array(value.utf8)) }
    var cases: [Case] = []
    for (rows, depth, half) in [
      (1, 1, 1), (7, 19, 37), (129, 64, 33), (13, 1601, 70), (401, 40, 96), (2100, 7, 40), (5, 1, 9), (0, 4, 4),
      (3, 0, 5),
      (3, 4, 0),
    ] {
      for (type, zeroPoint) in [(ElementType.uint8, 113.0), (.int8, -128)] {
        cases.append(
          Case(
            "QuantizedGEGLU", domain: domain, "\(rows) x \(depth) x \(half) twice, of \(type)",
            operands(type, [rows, depth], zeroPoint: zeroPoint, weights: [depth, 2 * half], channels: 2 * half)
              + [.absent] + end(type, Double(depth) / 100 + 0.01), tolerance: 0.008))
      }
    }
    for form in ["none", "tanh"] {
      cases.append(
        Case(
          "QuantizedGEGLU", domain: domain, "transposed, with C, approximate \(form)",
          operands(.uint8, [9, 22], zeroPoint: 255, weights: [50, 22], channels: nil)
            + [.constant(.random([50], seed: 4))] + end(.int8), ["transB": .int(1), "approximate": text(form)],
          tolerance: 0.008))
    }
    var open = operands(.uint8, [8, 20], zeroPoint: 3, weights: [20, 64], channels: 64)
    open[3] = .input(bytes(.int8, [20, 64], seed: 2))
    cases.append(
      Case(
        "QuantizedGEGLU", domain: domain, "weights that come with the run", open + [.absent] + end(.uint8),
        tolerance: 0.008))
    cases.append(
      Case(
        "QuantizedGEGLU", domain: domain, "scales and a C that come with the run",
        dynamic(operands(.int8, [9, 22], zeroPoint: 7, weights: [22, 50], channels: 50))
          + [.input(.random([50], seed: 4)), .input(one(.float32, 0.2)), .input(one(.uint8, 120))], tolerance: 0.008))
    cases.append(
      Case(
        "QuantizedGEGLU", domain: domain, "a NaN and an infinity in C",
        operands(.uint8, [5, 8], zeroPoint: 3, weights: [8, 40], channels: 40)
          + [.input(Tensor.random([40], seed: 4).replacing([7: .infinity, 29: .nan]))] + end(.uint8),
        tolerance: 0.008))
    return cases
  }()

  static let quantizedNormalizations: [Case] = {
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
        concatGroupNormalization(
          "[2, 4, 5, 7] and [2, 2, 5, 7] to \(type)", .random([2, 4, 5, 7]), .random([2, 2, 5, 7], seed: 2), groups: 2,
          "SiLU", ending: end(type)))
      for (dims, activation) in [([2, 6, 5, 7], ""), ([1, 6, 71, 67], "SiLU"), ([0, 6, 3], "")] {
        cases.append(
          Case(
            "FusedBatchNormalization", domain: domain, "\(dims) to \(type), ends with \"\(activation)\"",
            [.input(.random(dims))] + batchStatistics(6) + end(type),
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

  /// One to three axes, padding, strides, dilation, groups, channels that are no multiple of four.
  static let quantizedConv: [Case] = {
    func ints(_ values: Int...) -> Attribute { .ints(values.map(Int64.init)) }
    let shapes: [(name: String, x: [Int], w: [Int], attributes: [String: Attribute])] = [
      ("3 x 3, padded", [2, 7, 9, 11], [13, 7, 3, 3], ["pads": ints(1, 1, 1, 1)]),
      ("1 x 1", [1, 8, 5, 7], [33, 8, 1, 1], [:]),
      // Rows of whole panels, which are read where they are.
      ("1 x 1 of 64 pixels", [2, 9, 8, 8], [33, 9, 1, 1], [:]),
      ("rows of 64", [2, 7, 5, 64], [29, 7, 3, 3], ["pads": ints(1, 1, 1, 1)]),
      (
        "rows of 32, dilated, groups", [1, 8, 6, 32], [10, 4, 3, 3],
        ["pads": ints(2, 3, 2, 3), "dilations": ints(2, 3), "group": .int(2)]
      ),
      ("one axis of 96", [2, 6, 96], [10, 6, 5], ["pads": ints(4, 0)]),
      ("three axes, planes of one row", [1, 4, 5, 1, 32], [5, 4, 2, 1, 3], ["pads": ints(1, 0, 1, 0, 0, 1)]),
      ("three axes, rows of 32", [1, 4, 3, 4, 32], [5, 4, 2, 3, 3], ["pads": ints(1, 1, 1, 0, 1, 1)]),
      ("rows of 16", [2, 5, 6, 16], [14, 5, 3, 3], ["pads": ints(1, 1, 1, 1)]),
      ("rows of 48", [1, 5, 4, 48], [14, 5, 3, 3], ["pads": ints(1, 1, 1, 1)]),
      ("rows of 16, too few for whole panels", [2, 5, 3, 16], [14, 5, 3, 3], ["pads": ints(1, 1, 1, 1)]),
      ("rows of 64 and several blocks", [1, 400, 3, 64], [13, 400, 1, 5], ["pads": ints(0, 2, 0, 2)]),
      (
        "3 x 3, strides of 2, padded on one side", [1, 5, 8, 8], [6, 5, 3, 3],
        ["strides": ints(2, 2), "pads": ints(0, 0, 1, 1)]
      ),
      ("dilated", [1, 4, 12, 10], [3, 4, 3, 2], ["dilations": ints(2, 3), "pads": ints(2, 1, 2, 2)]),
      ("groups", [2, 12, 6, 5], [8, 6, 3, 3], ["group": .int(2), "pads": ints(1, 1, 1, 1)]),
      ("one axis", [2, 6, 40], [10, 6, 5], ["pads": ints(2, 2), "strides": ints(2)]),
      ("three axes", [1, 4, 5, 6, 7], [5, 4, 2, 3, 3], ["pads": ints(0, 1, 1, 1, 1, 1)]),
      // Planes of few pixels have a kernel of their own.
      (
        "larger planes, strides of 2", [2, 5, 33, 34], [6, 5, 3, 3],
        ["strides": ints(2, 2), "pads": ints(0, 0, 1, 1)]
      ),
      ("larger planes, dilated", [1, 4, 21, 20], [3, 4, 3, 2], ["dilations": ints(2, 3), "pads": ints(2, 1, 2, 2)]),
      ("a depth of several blocks", [1, 200, 6, 6], [17, 200, 3, 3], ["pads": ints(1, 1, 1, 1)]),
      // Where the second block begins, a group of four channels is not done with its taps.
      ("blocks that begin between taps", [1, 172, 9, 16], [13, 172, 3, 3], ["pads": ints(1, 1, 1, 1)]),
      (
        "padding far beyond the image, which no kernel may copy", [1, 8, 20, 20], [8, 8, 3, 3],
        ["pads": ints(1 << 29, 1 << 29, 1 << 29, 1 << 29), "strides": ints(1 << 29, 1 << 29)]
      ),
      ("no images", [0, 4, 5, 5], [3, 4, 3, 3], [:]),
      // Channels enough for tile registers, to which 64 of a pixel are a row.
      ("64 channels", [2, 64, 9, 11], [35, 64, 3, 3], ["pads": ints(1, 1, 1, 1)]),
      ("50 channels, padded on one side", [1, 50, 7, 37], [33, 50, 3, 2], ["pads": ints(2, 0, 0, 1)]),
      ("130 channels, 1 x 1", [1, 130, 5, 7], [70, 130, 1, 1], [:]),
      (
        "64 channels, strides of 2 and 3", [1, 64, 16, 40], [20, 64, 3, 3],
        ["strides": ints(2, 3), "pads": ints(1, 1, 1, 1)]
      ),
      ("64 channels, dilated", [1, 64, 21, 20], [5, 64, 3, 2], ["dilations": ints(2, 3), "pads": ints(2, 1, 2, 2)]),
      ("groups of 48 channels", [2, 96, 12, 13], [40, 48, 3, 3], ["group": .int(2), "pads": ints(1, 1, 1, 1)]),
      ("one axis of 700, 64 channels", [1, 64, 700], [10, 64, 5], ["pads": ints(2, 2)]),
      ("three axes, 64 channels", [1, 64, 4, 5, 18], [9, 64, 2, 3, 3], ["pads": ints(0, 1, 1, 1, 1, 1)]),
      ("more than 512 pixels, 64 channels", [1, 64, 40, 37], [9, 64, 3, 2], ["pads": ints(1, 0, 1, 1)]),
      (
        "many rows, 64 channels, strides of 2", [1, 64, 50, 37], [9, 64, 3, 3],
        ["pads": ints(1, 1, 1, 1), "strides": ints(2, 2)]
      ),
      ("filters of 5 x 5, rows of 32, 64 channels", [1, 64, 8, 32], [9, 64, 5, 5], ["pads": ints(2, 2, 2, 2)]),
      ("filters of 5 x 5, 64 channels", [1, 64, 12, 17], [9, 64, 5, 5], ["pads": ints(2, 2, 2, 2)]),
    ]
    var cases = shapes.flatMap { shape in
      [(ElementType.uint8, 77.0), (.int8, 5)].map { type, zeroPoint in
        Case(
          "QuantizedConv", domain: domain, "\(shape.name), of \(type)",
          operands(type, shape.x, zeroPoint: zeroPoint, weights: shape.w, channels: shape.w[0]), shape.attributes,
          tolerance: 1e-6)
      }
    }
    for (index, shape) in shapes.enumerated() {
      let type: ElementType = index % 3 == 0 ? .int8 : .uint8
      cases.append(
        Case(
          "QuantizedConv", domain: domain, "\(shape.name), weights of \(type) with zero points",
          centered(
            index % 2 == 0 ? .uint8 : .int8, shape.x, type, weights: shape.w, channels: shape.w[0],
            type == .int8 ? -128...127 : 0...255), shape.attributes, tolerance: 2e-6))
    }
    cases.append(
      Case(
        "QuantizedConv", domain: domain, "large, weights of uint8 with zero points",
        centered(.uint8, [1, 40, 31, 34], .uint8, weights: [45, 40, 3, 3], channels: 45, 0...255),
        ["pads": .ints([1, 1, 1, 1])], tolerance: 2e-6))
    for shape in shapes.filter({ ["3 x 3, padded", "rows of 64", "64 channels"].contains($0.name) }) {
      cases.append(
        Case(
          "QuantizedConv", domain: domain, "\(shape.name), scales that come with the run",
          dynamic(operands(.int8, shape.x, zeroPoint: 5, weights: shape.w, channels: shape.w[0])), shape.attributes,
          tolerance: 1e-6))
    }
    for filters in [17, 33] {
      let x = operands(.uint8, [1, 8, 8, 9], zeroPoint: 3, weights: [2 * filters, 4, 3, 3], channels: 2 * filters)
      let group: [String: Attribute] = ["group": .int(2), "pads": ints(1, 1, 1, 1)]
      cases += [
        Case(
          "QuantizedConv", domain: domain, "2 groups of \(filters) filters and a bias",
          x + [.input(.random([2 * filters], seed: 4))], group, tolerance: 1e-5),
        Case(
          "QuantizedConv", domain: domain, "2 groups of \(filters) filters and what has the output's shape, Tanh",
          x + [.absent, .input(.random([1, 2 * filters, 8, 9], seed: 5))],
          group.merging(["activation": .string(Array("Tanh".utf8))]) { $1 }, tolerance: 1e-5),
      ]
    }
    let plain = operands(.uint8, [2, 6, 7, 9], zeroPoint: 128, weights: [14, 6, 3, 3], channels: nil)
    let image = operands(.uint8, [1, 20, 7, 9], zeroPoint: 0, weights: [14, 20, 1, 1], channels: 14)
    cases += [
      Case(
        "QuantizedConv", domain: domain, "a bias, what has the output's shape, SiLU",
        plain + [.input(.random([14], seed: 4)), .input(.random([2, 14, 5, 7], seed: 5))],
        ["activation": .string(Array("SiLU".utf8))], tolerance: 1e-5),
      Case(
        "QuantizedConv", domain: domain, "a number for each image and channel",
        plain + [.absent, .input(Tensor.random([2, 14, 1, 1], seed: 5).replacing([3: .nan]))], tolerance: 1e-5),
      Case(
        "QuantizedConv", domain: domain, "one image, a bias and a number for each channel",
        image + [
          .input(.random([14], seed: 4)),
          .input(Tensor.random([1, 14, 1, 1], seed: 5).replacing([3: .nan, 5: .infinity])),
        ], tolerance: 1e-5),
      Case(
        "QuantizedConv", domain: domain, "one image, what has the output's shape, Gelu",
        image + [.absent, .input(.random([1, 14, 7, 9], seed: 5))], ["activation": .string(Array("Gelu".utf8))],
        tolerance: 1e-5),
    ]
    let large = operands(.int8, [1, 40, 31, 34], zeroPoint: -7, weights: [45, 40, 3, 3], channels: 45)
    let pads: [String: Attribute] = ["pads": .ints([1, 1, 1, 1])]
    let largeCases = [
      Case("QuantizedConv", domain: domain, "large, padded", large, pads, tolerance: 5e-5),
      Case(
        "QuantizedConv", domain: domain, "large, with one scale, a bias, what has the output's shape, Relu",
        operands(.uint8, [2, 64, 20, 23], zeroPoint: 128, weights: [64, 64, 3, 3], channels: nil)
          + [.input(.random([64], seed: 4)), .input(.random([2, 64, 20, 23], -90...90, seed: 5))],
        pads.merging(["activation": .string(Array("Relu".utf8))]) { $1 }, tolerance: 5e-5),
      Case(
        "QuantizedConv", domain: domain, "large, with a number for each channel",
        large + [.absent, .input(.random([1, 45, 1, 1], -90...90, seed: 5))], pads, tolerance: 5e-5),
    ]
    return (cases + largeCases).map { $0.byDefinition() }
      + (largeCases + winogradOfWholeNumbers).map { $0.by("Winograd, 16 bits") }
  }()

  /// The shapes that the formula in floats is tried with.
  static let quantizedWinograd: [Case] = WinogradShape.all.enumerated().map { index, shape in
    let weights = [shape.filters, shape.x[1], 3, 3]
    return Case(
      "QuantizedConv", domain: domain, shape.description,
      operands(index % 2 == 0 ? .uint8 : .int8, shape.x, zeroPoint: 77, weights: weights, channels: weights[0]),
      ["pads": .ints(shape.pads)], tolerance: 5e-5
    ).by("Winograd, 16 bits")
  }

  /// One channel, an odd number of them, filters with zero points, and sums that 32 bits hold for fewer channels alone
  /// than are otherwise multiplied at a time.
  private static let winogradOfWholeNumbers: [Case] = {
    let pads: [String: Attribute] = ["pads": .ints([1, 1, 1, 1])]
    // A tile of 6 x 6 as these becomes 68 times its largest number, in every channel and with the same sign.
    var largest = operands(.uint8, [1, 300, 10, 40], zeroPoint: 0, weights: [13, 300, 3, 3], channels: 13)
    func isInside(_ index: Int) -> Bool { [1, 2].contains(index % 4) }
    let pixels = (0..<(300 * 400)).map { isInside($0 % 400 / 40) == isInside($0 % 40) ? 255.0 : 0 }
    largest[0] = .input(Tensor(.uint8, doubles: pixels, dims: [1, 300, 10, 40]))
    largest[3] = .constant(.randomInts(.int8, [13, 300, 3, 3], 127...127))
    var wide = largest
    wide[3] = .constant(.randomInts(.uint8, [13, 300, 3, 3], 255...255))
    return [
      Case(
        "QuantizedConv", domain: domain, "of 41 channels, padded more at the end",
        operands(.int8, [1, 41, 18, 35], zeroPoint: -7, weights: [45, 41, 3, 3], channels: 45),
        ["pads": .ints([0, 1, 2, 2])], tolerance: 5e-5),
      Case(
        "QuantizedConv", domain: domain, "of one channel",
        operands(.uint8, [2, 1, 18, 35], zeroPoint: 200, weights: [5, 1, 3, 3], channels: 5), pads, tolerance: 5e-5),
      Case(
        "QuantizedConv", domain: domain, "of whole panels of tiles, without padding",
        operands(.uint8, [3, 26, 18, 130], zeroPoint: 3, weights: [24, 26, 3, 3], channels: 24), tolerance: 5e-5),
      Case("QuantizedConv", domain: domain, "of 300 channels, as large as sums can be", largest, tolerance: 5e-5),
      Case("QuantizedConv", domain: domain, "of 300 channels, twice as large", wide, tolerance: 5e-5),
    ]
      + [(ElementType.uint8, 0...255), (.int8, -128...127), (.uint8, 250...255)].map { type, range in
        Case(
          "QuantizedConv", domain: domain, "of 130 channels, filters of \(type), \(range), with zero points",
          centered(.uint8, [1, 130, 12, 21], type, weights: [31, 130, 3, 3], channels: 31, range), pads,
          tolerance: 5e-5)
      }
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

  /// Halves go to the even number; what lies outside the type's range becomes its end.
  static let quantizeLinear: [Case] = {
    let halves = Tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 300, -300, 1e9, -1e9, 0, -0.0] as [Float], dims: [12])
    var cases: [Case] = []
    for (type, zeroPoint) in [(ElementType.uint8, 0.0), (.uint8, 128), (.int8, 0), (.int8, -128)] {
      for (name, x) in [
        ("halves", halves), ("201 numbers", .random([3, 67], -100...100)), ("none", Tensor([Float](), dims: [0])),
        ("infinities and NaN", Tensor([.infinity, -.infinity, .nan, 1] as [Float], dims: [4])),
      ] {
        cases.append(
          Case(
            "QuantizeLinear", "\(name) to \(type) around \(zeroPoint)",
            [.input(x), .input(one(.float32, name == "halves" ? 1 : 0.37)), .input(one(type, zeroPoint))]))
      }
    }
    for (name, scale) in [("a denormal", 3e-41), ("the largest", 3e38), ("a normal one with many halves", 0.7)] {
      let x = (-40...40).map { Float(Double($0) * 0.5 * scale) }
      cases.append(
        Case(
          "QuantizeLinear", "\(name) for a scale",
          [.input(Tensor(x, dims: [81])), .input(one(.float32, scale)), .input(one(.int8, 1))]))
    }
    return cases
  }()

  static let dequantizeLinear: [Case] = [
    Case(
      "DequantizeLinear", "one scale",
      [.input(bytes(.uint8, [3, 45])), .input(one(.float32, 0.1)), .input(one(.uint8, 200))]),
    Case(
      "DequantizeLinear", "a scale for each channel, no zero point",
      [.input(bytes(.int8, [2, 5, 19])), .input(.random([5], 0.1...2))], ["axis": .int(1)]),
    Case(
      "DequantizeLinear", "a scale for each column",
      [.input(bytes(.int8, [4, 37])), .input(.random([37], 0.1...2)), .input(bytes(.int8, [37], seed: 4))],
      ["axis": .int(-1)]),
    Case("DequantizeLinear", "nothing", [.input(bytes(.int8, [0, 3])), .input(one(.float32, 0.1))]),
  ]

  static let dynamicQuantizeLinear: [Case] = [
    ("both signs", Tensor.random([7, 91], -3...5)), ("above zero", .random([65], 1...4)),
    ("below zero", .random([65], -4 ... -1)), ("zeros", .full([9], 0)), ("one number", .full([1], -2)),
  ].map { Case("DynamicQuantizeLinear", $0.0, [.input($0.1)], outputs: 3) }

  static let quantized =
    quantizedGemm + quantizedGEGLU + quantizedConv + requantized + requantizedHalves + quantizedNormalizations
    + quantizeLinear
    + dequantizeLinear + dynamicQuantizeLinear
}
