import OneiroGraph

extension Conformance {
  private static let domain = "ai.oneiro"
  private static let activations = ["", "Gelu", "HardSwish", "Relu", "SiLU", "Sigmoid", "Tanh"]

  private static func activation(_ name: String) -> [String: Attribute] {
    ["activation": .string(Array(name.utf8))]
  }

  /// FusedGemm: every activation, with and without C and Z, sizes that leave tails, several blocks.
  static let fusedGemm: [Case] = {
    var cases = activations.map { name in
      Case(
        "FusedGemm", domain: domain, "ends with \"\(name)\"",
        [
          .input(.random([7, 19])), .constant(.random([19, 37], seed: 2)), .constant(.random([37], seed: 3)),
          .input(.random([7, 37], seed: 4)),
        ], activation(name), tolerance: 1e-5)
    }
    for (rows, depth, columns) in [(1, 1, 1), (129, 65, 33), (13, 1100, 70), (3, 0, 5), (0, 4, 4)] {
      cases.append(
        Case(
          "FusedGemm", domain: domain, "\(rows) x \(depth) x \(columns), no C",
          [
            .input(.random([rows, depth])), .constant(.random([depth, columns], seed: 2)), .absent,
            .input(.random([rows, columns], seed: 4)),
          ], tolerance: 1e-5))
    }
    cases += [
      Case(
        "FusedGemm", domain: domain, "no Z",
        [.input(.random([9, 12])), .constant(.random([12, 50], seed: 2)), .constant(.random([50], seed: 3))],
        activation("Gelu"), tolerance: 1e-5),
      Case(
        "FusedGemm", domain: domain, "transposed, scaled, a C for each row",
        [
          .input(.random([12, 9])), .input(.random([20, 12], seed: 2)), .input(.random([9, 1], seed: 3)),
          .input(.random([9, 20], seed: 4)),
        ],
        [
          "transA": .int(1), "transB": .int(1), "alpha": .float(0.5), "beta": .float(2),
          "activation": .string(Array("Relu".utf8)),
        ], tolerance: 1e-5),
      Case(
        "FusedGemm", domain: domain, "a NaN in Z goes through a Relu",
        [
          .input(.random([4, 8])), .constant(.random([8, 40], seed: 2)), .absent,
          .input(Tensor.random([4, 40], seed: 4).replacing([3: .nan])),
        ], activation("Relu"), tolerance: 1e-5),
      Case(
        "FusedGemm", domain: domain, "a NaN and an infinity in Z",
        [
          .input(.random([4, 8])), .constant(.random([8, 40], seed: 2)), .absent,
          .input(Tensor.random([4, 40], seed: 4).replacing([3: .nan, 50: .infinity])),
        ], tolerance: 1e-5),
    ]
    return cases
  }()

  static let fusedGroupNormalization: [Case] =
    activations.map { name in
      Case(
        "FusedGroupNormalization", domain: domain, "ends with \"\(name)\"",
        [.input(.random([2, 6, 5, 7])), .constant(.random([6], seed: 2)), .constant(.random([6], seed: 3))],
        ["num_groups": .int(3), "activation": .string(Array(name.utf8))], tolerance: 1e-5)
    }
    + [
      Case(
        "FusedGroupNormalization", domain: domain, "planes of several stretches",
        [.input(.random([1, 2, 71, 67])), .constant(.random([2], seed: 2)), .constant(.random([2], seed: 3))],
        ["num_groups": .int(1), "activation": .string(Array("SiLU".utf8))], tolerance: 1e-5),
      Case(
        "FusedGroupNormalization", domain: domain, "a mean far from zero, and a beginning far from the mean",
        [
          .input(
            Tensor.random([1, 2, 60, 60], 999...1001).replacing(
              Dictionary(uniqueKeysWithValues: (0..<1024).map { ($0, -500) }))),
          .constant(.random([2], seed: 2)), .constant(.random([2], seed: 3)),
        ],
        ["num_groups": .int(1), "activation": .string(Array("SiLU".utf8))], tolerance: 1e-5),
      Case(
        "FusedGroupNormalization", domain: domain, "nothing",
        [.input(.random([0, 4, 3])), .constant(.random([4], seed: 2)), .constant(.random([4], seed: 3))],
        ["num_groups": .int(2)]),
    ]

  /// Two tensors and what is done to their channels. Groups straddle where they meet, or one of them is empty.
  static func concatGroupNormalization(
    _ name: String, _ a: Tensor, _ b: Tensor, groups: Int, _ activation: String = "", ending: [Case.Operand] = []
  ) -> Case {
    let channels = [a.dims[1] + b.dims[1]]
    return Case(
      "ConcatGroupNormalization", domain: domain, name,
      [.input(a), .input(b), .constant(.random(channels, seed: 3)), .constant(.random(channels, seed: 4))] + ending,
      ["num_groups": .int(Int64(groups)), "activation": .string(Array(activation.utf8))], outputs: 2,
      tolerance: ending.isEmpty ? 1e-5 : 0.008)
  }

  static let concatGroupNormalization: [Case] =
    [
      ([2, 4, 5, 7], [2, 2, 5, 7], 3), ([2, 1, 5, 7], [2, 5, 5, 7], 2), ([1, 7, 13], [1, 2, 13], 3),
      ([3, 5], [3, 3], 1), ([1, 3, 71, 67], [1, 1, 71, 67], 2), ([2, 0, 5, 3], [2, 4, 5, 3], 2),
      ([2, 4, 5, 3], [2, 0, 5, 3], 2), ([0, 4, 3], [0, 2, 3], 2), ([2, 4, 0], [2, 2, 0], 2),
      ([1, 40, 33, 31], [1, 24, 33, 31], 32),
    ].map { (a, b, groups) in
      concatGroupNormalization(
        "\(a) and \(b) in \(groups)", .random(a), .random(b, seed: 2), groups: groups, "SiLU")
    } + [
      concatGroupNormalization(
        "a NaN spoils its group alone", Tensor.random([1, 4, 3, 3]).replacing([30: .nan]),
        .random([1, 2, 3, 3], seed: 2), groups: 3)
    ]

  /// Channels' scale, bias, mean and variance.
  static func batchStatistics(_ channels: Int) -> [Case.Operand] {
    let ranges: [(Float, Float)] = [(0.5, 2), (-1, 1), (-1, 1), (0.1, 3)]
    return ranges.enumerated().map { .input(.random([channels], $1.0...$1.1, seed: $0 + 2)) }
  }

  static let fusedBatchNormalization: [Case] =
    activations.map { name in
      Case(
        "FusedBatchNormalization", domain: domain, "ends with \"\(name)\"",
        [.input(.random([2, 6, 5, 7]))] + batchStatistics(6),
        ["epsilon": .float(0.01), "activation": .string(Array(name.utf8))], tolerance: 1e-5)
    }
    + [[1, 3, 71, 67], [0, 4, 3], [5, 4]].map { dims in
      Case(
        "FusedBatchNormalization", domain: domain, "\(dims)", [.input(.random(dims))] + batchStatistics(dims[1]),
        ["activation": .string(Array("SiLU".utf8))], tolerance: 1e-5)
    }

  static let geglu: [Case] =
    [[2, 3, 34], [1, 2], [5, 10000], [3, 0], [0, 8], [6]].map { dims in
      Case("GEGLU", domain: domain, "\(dims)", [.input(.random(dims, -4...4))], tolerance: 2e-6)
    } + [
      Case(
        "GEGLU", domain: domain, "by tanh", [.input(.random([4, 66], -4...4))],
        ["approximate": .string(Array("tanh".utf8))], tolerance: 2e-6)
    ]

  /// FusedConv at sizes where Winograd's formula pays.
  static let fusedConv: [Case] = {
    let pads: Attribute = .ints([1, 1, 1, 1])
    func layer(_ name: String, _ z: Tensor?, _ activation: String, bias: Bool = true) -> Case {
      Case(
        "FusedConv", domain: domain, name,
        [
          .input(.random([2, 40, 31, 29])), .constant(.random([44, 40, 3, 3], -0.1...0.1, seed: 2)),
          bias ? .constant(.random([44], seed: 3)) : .absent, z.map(Case.Operand.input) ?? .absent,
        ], ["pads": pads, "activation": .string(Array(activation.utf8))], tolerance: 1e-4)
    }
    return activations.map { layer("a residual, ends with \"\($0)\"", .random([2, 44, 31, 29], seed: 4), $0) } + [
      layer("a number for each channel of each image", .random([2, 44, 1, 1], seed: 4), ""),
      layer("a number for each channel, no bias", .random([2, 44, 1, 1], seed: 4), "SiLU", bias: false),
      layer("an activation alone", nil, "Relu"),
    ]
  }()

  /// Convolutions of mobile networks: depthwise ones, pointwise ones of small planes, and what else there is. Channels
  /// leave tails of every vector, pixels of every tile.
  static let smallFusedConv: [Case] = {
    let shapes: [(String, x: [Int], w: [Int], y: [Int], [String: Attribute])] = [
      (
        "depthwise 3x3, stride 2", [2, 37, 13, 18], [37, 1, 3, 3], [2, 37, 7, 9],
        ["group": .int(37), "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])]
      ),
      (
        "depthwise 5x5 of planes of 6x6", [1, 21, 6, 6], [21, 1, 5, 5], [1, 21, 6, 6],
        ["group": .int(21), "pads": .ints([2, 2, 2, 2])]
      ),
      (
        "depthwise 5x5 of planes of 3x3", [2, 33, 3, 3], [33, 1, 5, 5], [2, 33, 3, 3],
        ["group": .int(33), "pads": .ints([2, 2, 2, 2])]
      ),
      (
        "depthwise, dilated, pads differ, strides differ", [1, 5, 14, 11], [5, 1, 3, 2], [1, 5, 6, 12],
        ["group": .int(5), "pads": .ints([0, 1, 1, 3]), "strides": .ints([2, 1]), "dilations": .ints([2, 3])]
      ),
      (
        "depthwise, three filters a channel", [2, 7, 10, 9], [21, 1, 3, 3], [2, 21, 8, 7], ["group": .int(7)]
      ),
      (
        "depthwise in bands", [1, 18, 61, 67], [18, 1, 3, 3], [1, 18, 61, 67],
        ["group": .int(18), "pads": .ints([1, 1, 1, 1])]
      ),
      (
        "depthwise over one axis", [2, 19, 50], [19, 1, 7], [2, 19, 25],
        ["group": .int(19), "pads": .ints([3, 3]), "strides": .ints([2])]
      ),
      (
        "depthwise, rows beyond the image", [1, 17, 2, 4], [17, 1, 2, 2], [1, 17, 9, 3],
        ["group": .int(17), "pads": .ints([4, 0, 4, 0])]
      ),
      ("one channel", [1, 1, 9, 9], [5, 1, 3, 3], [1, 5, 7, 7], [:]),
      ("pointwise of single pixels", [3, 45, 1, 1], [150, 45, 1, 1], [3, 150, 1, 1], [:]),
      ("pointwise of planes of 3x3", [2, 31, 3, 3], [141, 31, 1, 1], [2, 141, 3, 3], [:]),
      ("pointwise of planes of 6x6", [1, 70, 6, 6], [35, 70, 1, 1], [1, 35, 6, 6], [:]),
      ("pointwise of large planes", [1, 11, 19, 17], [25, 11, 1, 1], [1, 25, 19, 17], [:]),
      ("pointwise over one axis", [2, 20, 5], [33, 20, 1], [2, 33, 5], [:]),
      (
        "3x3, stride 2", [1, 3, 45, 43], [16, 3, 3, 3], [1, 16, 23, 22],
        ["pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])]
      ),
      ("grouped", [2, 6, 7, 5], [9, 2, 3, 3], [2, 9, 5, 3], ["group": .int(3)]),
      ("three axes", [1, 2, 5, 4, 6], [3, 2, 2, 3, 2], [1, 3, 4, 2, 5], [:]),
      ("no images", [0, 3, 5, 5], [4, 3, 3, 3], [0, 4, 3, 3], [:]),
    ]
    return shapes.enumerated().flatMap { (index, shape) -> [Case] in
      let (name, x, w, y, attributes) = shape
      let filters = Tensor.random(w, seed: 2), bias = Tensor.random([w[0]], seed: 3)
      func layer(_ ending: String, _ activation: String, _ filters: Case.Operand, _ z: [Int]?) -> Case {
        Case(
          "FusedConv", domain: domain, "\(name), \(ending)",
          [
            .input(.random(x)), filters, z == y ? .absent : .constant(bias),
            z.map { .input(.random($0, seed: 4)) } ?? .absent,
          ],
          attributes.merging(Self.activation(activation)) { $1 }, tolerance: 1e-5)
      }
      return [
        layer("an activation", activations[1 + index % (activations.count - 1)], .constant(filters), nil),
        layer("filters that are no constant", "Relu", .input(filters), nil),
        layer("a residual and no bias", "HardSwish", .constant(filters), y),
        layer("a number for each channel", "", .constant(filters), y.prefix(2) + y.dropFirst(2).map { _ in 1 }),
      ]
    } + [
      Case(
        "FusedConv", domain: domain, "depthwise, a NaN spoils its window alone",
        [
          .input(Tensor.random([1, 20, 7, 7]).replacing([24: .nan, 60: .infinity])),
          .constant(.random([20, 1, 3, 3], 0.1...1)),
        ],
        ["group": .int(20), "pads": .ints([1, 1, 1, 1]), "activation": .string(Array("Relu".utf8))], tolerance: 1e-5),
      Case(
        "FusedConv", domain: domain, "pointwise of small planes, a NaN spoils its pixel alone",
        [
          .input(Tensor.random([1, 20, 3, 3]).replacing([24: .nan, 60: .infinity])),
          .constant(.random([40, 20, 1, 1], 0.1...1)),
        ],
        ["activation": .string(Array("Relu".utf8))], tolerance: 1e-5),
    ]
  }()

  static let fused =
    fusedGemm + fusedGroupNormalization + concatGroupNormalization + fusedBatchNormalization + geglu + fusedConv
    + smallFusedConv
}
