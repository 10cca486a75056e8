import OneiroGraph

extension QuantizedCases {
  /// One to three axes, padding, strides, dilation, groups, channels that are no multiple of four.
  static let conv: [Case] = {
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
  static let winograd: [Case] = WinogradShape.all.enumerated().map { index, shape in
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
}
