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
    for (rows, depth, columns) in [(1, 1, 1), (129, 65, 33), (13, 800, 70), (3, 0, 5), (0, 4, 4)] {
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

  static let geglu: [Case] =
    [[2, 3, 34], [1, 2], [5, 10000], [3, 0], [0, 8], [6]].map { dims in
      Case("GEGLU", domain: domain, "\(dims)", [.input(.random(dims, -4...4))], tolerance: 2e-6)
    } + [
      Case(
        "GEGLU", domain: domain, "by tanh", [.input(.random([4, 66], -4...4))],
        ["approximate": .string(Array("tanh".utf8))], tolerance: 2e-6)
    ]

  /// FusedConv at sizes where Winograd's formula pays; the others run its body.
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

  static let fused = fusedGemm + fusedGroupNormalization + geglu + fusedConv
}
