import OneiroGraph

/// Convolutions that enlarge their image first. Sizes leave tails of channels, vectors and panels; panels hold pixels of
/// several rows and images.
extension Conformance {
  private static let domain = "ai.oneiro"
  private static let pads: [String: Attribute] = ["pads": .ints([1, 1, 1, 1])]

  private static let shapes: [(name: String, x: [Int], filters: Int)] = [
    ("even", [1, 32, 16, 32], 48),
    ("odd everywhere", [1, 33, 13, 19], 35),
    ("rows of several panels", [1, 40, 5, 77], 64),
    ("panels that hold rows of two images", [3, 64, 7, 9], 29),
    ("single columns", [2, 64, 50, 1], 64),
    ("a single row", [1, 64, 1, 60], 64),
    ("a depth of several blocks", [1, 400, 8, 8], 25),
    ("several chunks", [1, 200, 41, 45], 24),
  ]

  private static func ending(_ activation: String) -> [String: Attribute] {
    pads.merging(["activation": .string(Array(activation.utf8))]) { $1 }
  }

  static let upsampledConv: [Case] = {
    func layer(
      _ name: String, _ x: Tensor, _ filters: Int, _ rest: [Case.Operand] = [], _ attributes: [String: Attribute] = pads
    ) -> Case {
      Case(
        "UpsampledConv", domain: domain, name,
        [.input(x), .constant(.random([filters, x.dims[1], 3, 3], -0.1...0.1, seed: 2))] + rest, attributes,
        tolerance: 3e-5)
    }
    let x = Tensor.random([2, 40, 15, 17]), bias = Case.Operand.constant(.random([44], seed: 3))
    return shapes.map { layer($0.name, .random($0.x), $0.filters) } + [
      layer("a bias", x, 44, [bias]),
      layer(
        "a bias, what has the output's shape, SiLU", x, 44, [bias, .input(.random([2, 44, 30, 34], seed: 4))],
        ending("SiLU")),
      layer(
        "a number for each channel of each image, Relu", x, 44, [.absent, .input(.random([2, 44, 1, 1], seed: 4))],
        ending("Relu")),
      Case(
        "UpsampledConv", domain: domain, "filters that are no constant",
        [.input(x), .input(.random([44, 40, 3, 3], -0.1...0.1, seed: 2)), bias], ending("Gelu"), tolerance: 3e-5),
      layer("no images", .random([0, 32, 8, 8]), 32),
    ]
  }()

  private static func bytes(_ type: ElementType, _ dims: [Int], seed: Int = 1) -> Tensor {
    .randomInts(type, dims, type == .int8 ? -128...127 : 0...255, seed: seed)
  }

  private static func one(_ type: ElementType, _ value: Double) -> Tensor { Tensor(type, doubles: [value], dims: []) }

  /// X, W and their scales, after which other inputs follow.
  private static func operands(
    _ type: ElementType, _ x: [Int], zeroPoint: Double, filters: Int, weights: ElementType = .int8
  ) -> [Case.Operand] {
    [
      .input(bytes(type, x)), .input(one(.float32, 0.02)), .input(one(type, zeroPoint)),
      .constant(bytes(weights, [filters, x[1], 3, 3], seed: 2)),
      .constant(.random([filters], 0.001...0.03, seed: 3)),
    ]
  }

  static let upsampledQuantizedConv: [Case] = {
    func layer(
      _ name: String, _ operands: [Case.Operand], _ attributes: [String: Attribute] = pads, tolerance: Double = 2e-6
    ) -> Case {
      Case("UpsampledQuantizedConv", domain: domain, name, operands, attributes, tolerance: tolerance)
    }
    var cases = shapes.flatMap { shape in
      [(ElementType.uint8, 77.0), (.uint8, 255), (.int8, -128)].map { type, zeroPoint in
        layer(
          "\(shape.name), of \(type) around \(Int(zeroPoint))",
          operands(type, shape.x, zeroPoint: zeroPoint, filters: shape.filters))
      }
    }
    let x = [2, 40, 15, 17]
    for type in [ElementType.uint8, .int8] {
      cases.append(
        layer(
          "weights of \(type) with zero points",
          operands(.uint8, x, zeroPoint: 3, filters: 45, weights: type) + [
            .input(.random([45], seed: 4)), .absent, .constant(bytes(type, [45], seed: 6)),
          ]))
      cases.append(
        layer(
          "to \(type)",
          operands(.int8, x, zeroPoint: 12, filters: 14) + [
            .absent, .input(.random([2, 14, 30, 34], -50...50, seed: 5)), .absent, .input(one(.float32, 0.737)),
            .input(one(type, 11)),
          ], ending("Relu"), tolerance: 1.0 / 255))
    }
    cases += [
      layer(
        "a bias, what has the output's shape, SiLU",
        operands(.uint8, x, zeroPoint: 128, filters: 44) + [
          .input(.random([44], seed: 4)), .input(.random([2, 44, 30, 34], -90...90, seed: 5)),
        ], ending("SiLU"), tolerance: 1e-5),
      layer(
        "a number for each image and channel",
        operands(.uint8, x, zeroPoint: 128, filters: 44) + [
          .absent, .input(Tensor.random([2, 44, 1, 1], -90...90, seed: 5).replacing([3: .nan])),
        ]),
    ]
    // Sums that would not fit into 32 bits with saturation on the way.
    var largest = operands(.uint8, [1, 1000, 4, 8], zeroPoint: 0, filters: 16)
    largest[0] = .input(.randomInts(.uint8, [1, 1000, 4, 8], 254...255))
    largest[3] = .constant(.randomInts(.int8, [16, 1000, 3, 3], 126...127, seed: 2))
    return cases + [layer("the largest sums", largest)]
  }()

  static let upsampled = upsampledConv + upsampledQuantizedConv
}
