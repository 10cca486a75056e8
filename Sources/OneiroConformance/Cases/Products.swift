import OneiroGraph

extension Conformance {
  /// Products large enough to be split into numbers of few bits, which rounds more; lines and depths that leave
  /// tails of tiles.
  static let splitProducts: [Case] = {
    var cases: [Case] = []
    for (rows, depth, columns) in [(16, 4099, 17), (33, 1000, 35), (129, 97, 100), (300, 64, 64)] {
      cases += Case.withWeights(
        "MatMul", "large, \(rows) x \(depth) x \(columns)",
        [.random([rows, depth]), .random([depth, columns], seed: 2)], tolerance: 3e-5)
      cases += Case.withWeights(
        "Gemm", "large, \(rows) x \(depth) x \(columns), both transposed, C",
        [.random([depth, rows]), .random([columns, depth], seed: 2), .random([columns], seed: 3)],
        ["transA": .int(1), "transB": .int(1), "alpha": .float(0.5)], tolerance: 3e-5)
      cases.append(
        Case(
          "FusedGemm", domain: "ai.oneiro", "large, \(rows) x \(depth) x \(columns), Z, SiLU",
          [
            .input(.random([rows, depth])), .constant(.random([depth, columns], seed: 2)),
            .constant(.random([columns], seed: 3)), .input(.random([rows, columns], seed: 4)),
          ], ["activation": .string(Array("SiLU".utf8))], tolerance: 3e-5))
    }
    cases += Case.withWeights(
      "MatMul", "large, batched", [.random([3, 2, 40, 130]), .random([2, 130, 70], seed: 2)], tolerance: 3e-5)
    cases += Case.withWeights(
      "MatMul", "large, NaN in one row",
      [.random([40, 700]).replacing([700 * 5 + 3: .nan]), .random([700, 70], seed: 2)], tolerance: 3e-5)
    let shapes: [(String, [Int], [Int], [String: Attribute])] = [
      ("3 x 3", [1, 30, 21, 19], [34, 30, 3, 3], ["pads": .ints([1, 1, 1, 1])]),
      ("1 x 1", [2, 70, 23, 15], [65, 70, 1, 1], [:]),
      ("strides of 2", [1, 40, 41, 37], [33, 40, 3, 3], ["strides": .ints([2, 2]), "pads": .ints([0, 1, 1, 0])]),
      ("groups", [1, 64, 30, 31], [40, 32, 3, 3], ["group": .int(2)]),
      ("few channels", [2, 16, 33, 35], [16, 16, 3, 3], ["pads": .ints([1, 1, 1, 1])]),
      ("few filters", [1, 32, 19, 50], [3, 32, 3, 3], ["pads": .ints([1, 1, 1, 1])]),
      ("filters that reach far", [1, 33, 21, 22], [37, 33, 2, 3], ["dilations": .ints([5, 3])]),
      ("one axis", [2, 40, 301], [24, 40, 5], ["pads": .ints([2, 2]), "strides": .ints([3])]),
      (
        "three axes", [1, 33, 5, 9, 11], [20, 33, 2, 3, 2],
        ["pads": .ints([1, 1, 0, 0, 1, 1]), "strides": .ints([2, 1, 1])]
      ),
      ("rows of many pixels", [1, 32, 3, 1100], [33, 32, 1, 3], ["pads": .ints([0, 1, 0, 1])]),
    ]
    for (name, x, w, attributes) in shapes {
      cases += Case.withWeights(
        "Conv", "large, \(name)", [.random(x), .random(w, seed: 2), .random([w[0]], seed: 3)], attributes,
        tolerance: 3e-5)
    }
    cases.append(
      Case(
        "FusedConv", domain: "ai.oneiro", "large, strides of 2, a number for each channel, Relu",
        [
          .input(.random([1, 40, 151, 153])), .constant(.random([33, 40, 3, 3], seed: 2)), .absent,
          .input(.random([1, 33, 1, 1], -9...9, seed: 5)),
        ], ["strides": .ints([2, 2]), "activation": .string(Array("Relu".utf8))], tolerance: 3e-5))
    cases.append(
      Case(
        "FusedConv", domain: "ai.oneiro", "large, a number for each pixel, SiLU",
        [
          .input(.random([2, 60, 17, 19])), .constant(.random([67, 60, 3, 3], seed: 2)),
          .constant(.random([67], seed: 3)), .input(.random([2, 67, 17, 19], -9...9, seed: 5)),
        ], ["pads": .ints([1, 1, 1, 1]), "activation": .string(Array("SiLU".utf8))], tolerance: 3e-5))
    return cases + cases.map { $0.by("split into bfloat16") }
  }()

  static let matMul: [Case] = {
    let shapes: [(String, [Int], [Int])] = [
      ("one by one", [1, 1], [1, 1]), ("odd everywhere", [7, 13], [13, 5]), ("just past a tile", [13, 17], [17, 33]),
      ("row by matrix", [1, 31], [31, 1001]), ("matrix by column", [33, 65], [65, 1]), ("vector by vector", [17], [17]),
      ("vector by matrix", [9], [9, 7]), ("matrix by vector", [7, 9], [9]), ("batched", [3, 5, 7], [3, 7, 4]),
      ("batches broadcast", [2, 1, 5, 3], [4, 3, 6]), ("one matrix for all batches", [6, 5, 7], [7, 9]),
      ("no rows", [0, 3], [3, 4]), ("no columns", [3, 4], [4, 0]), ("nothing to sum is zero", [2, 0], [0, 3]),
      ("no batches", [0, 2, 3], [3, 2]), ("long sum", [3, 1001], [1001, 5]),
      ("wide enough for threads", [65, 129], [129, 97]),
    ]
    let cases = shapes.flatMap { (name, a, b) in
      Case.withWeights("MatMul", name, [.random(a), .random(b, seed: 2)], tolerance: 1e-5)
    }
    return cases
      + Case.withWeights(
        "MatMul", "NaN and infinity in one row",
        [.random([5, 9]).replacing([10: .nan, 20: .infinity]), .random([9, 6], 0.5...2)],
        tolerance: 1e-5)
  }()

  static let gemm: [Case] = {
    let transposes: [(String, [Int], [Int], [String: Attribute])] = [
      ("plain", [7, 9], [9, 5], [:]), ("A transposed", [9, 7], [9, 5], ["transA": .int(1)]),
      ("B transposed", [7, 9], [5, 9], ["transB": .int(1)]),
      ("both transposed", [33, 17], [31, 33], ["transA": .int(1), "transB": .int(1)]),
    ]
    let biases: [(String, (Int, Int) -> [Int]?)] = [
      ("no C", { _, _ in nil }), ("C scalar", { _, _ in [] }), ("C row", { _, n in [n] }),
      ("C column", { m, _ in [m, 1] }),
      ("C full", { m, n in [m, n] }),
    ]
    let cases = transposes.flatMap { (name, a, b, attributes) -> [Case] in
      let m = attributes["transA"] == nil ? a[0] : a[1], n = attributes["transB"] == nil ? b[1] : b[0]
      return biases.flatMap { (bias, shape) -> [Case] in
        var attributes = attributes
        attributes["alpha"] = .float(0.5)
        attributes["beta"] = .float(-1.5)
        let c = shape(m, n).map { Tensor.random($0, seed: 3) }
        return Case.withWeights(
          "Gemm", "\(name), \(bias)", [.random(a), .random(b, seed: 2)] + (c.map { [$0] } ?? []), attributes,
          tolerance: 1e-5)
      }
    }
    // Rows that may be read where they are, in tiles of every height.
    let sizes = [(8, 31, 64), (9, 33, 64), (12, 17, 32), (13, 1100, 31), (23, 48, 17), (25, 16, 96)]
    let plain = (sizes + (1...13).map { ($0, 9, 65) }).flatMap { m, k, n in
      Case.withWeights(
        "Gemm", "plain, \(m) x \(k) x \(n)",
        [.random([m, k]), .random([k, n], seed: 2), .random([n], seed: 3)], tolerance: 1e-5)
        + Case.withWeights(
          "Gemm", "plain, \(m) x \(k) x \(n), B transposed",
          [.random([m, k]), .random([n, k], seed: 2)], ["transB": .int(1)], tolerance: 1e-5)
    }
    let large = Case.withWeights(
      "Gemm", "plain, C is far larger than what is added",
      [.full([1, 1024], 1), .full([1024, 40], 1), .full([40], 16_777_216)], tolerance: 1e-7)
    let opposite = Tensor((0..<80).map { Float($0 < 40 ? 1e38 : -1e38) }, dims: [2, 40])
    let edge = Case.withWeights(
      "Gemm", "plain, C near the largest float", [.full([3, 2], 1), opposite, .full([40], 3e38)])
    return cases + plain + large + edge
      + Case.withWeights("Gemm", "no rows", [.random([0, 3]), .random([3, 4]), .random([4])])
      + Case.withWeights("Gemm", "nothing to sum leaves C", [.random([2, 0]), .random([0, 4]), .random([4])])
      + Case.withWeights(
        "Gemm", "beta 0 still adds a NaN of C as the formula says",
        [.random([2, 3]), .random([3, 2]), .full([2], 7)], ["beta": .float(0)])
  }()

  static let conv: [Case] = {
    let pads: (Int64...) -> Attribute = { .ints($0) }
    let shapes: [(String, [Int], [Int], [String: Attribute])] = [
      ("3x3", [1, 3, 9, 11], [5, 3, 3, 3], [:]),
      ("3x3 padded", [2, 4, 7, 7], [6, 4, 3, 3], ["pads": pads(1, 1, 1, 1)]),
      ("pads differ on every side", [1, 2, 6, 5], [3, 2, 3, 3], ["pads": pads(0, 2, 1, 0)]),
      ("stride 2", [1, 3, 17, 15], [4, 3, 3, 3], ["strides": .ints([2, 2]), "pads": pads(1, 1, 1, 1)]),
      ("strides differ", [1, 2, 9, 10], [2, 2, 2, 3], ["strides": .ints([3, 1])]),
      ("dilated", [1, 2, 11, 12], [3, 2, 3, 2], ["dilations": .ints([2, 3])]),
      ("1x1", [2, 17, 5, 3], [33, 17, 1, 1], [:]),
      ("1x1 stride 2", [1, 8, 9, 9], [4, 8, 1, 1], ["strides": .ints([2, 2])]),
      ("grouped", [1, 6, 7, 5], [9, 2, 3, 3], ["group": .int(3)]),
      ("depthwise", [1, 7, 9, 9], [7, 1, 3, 3], ["group": .int(7), "pads": pads(1, 1, 1, 1)]),
      (
        "depthwise 5x5, 100 channels", [2, 100, 6, 6], [100, 1, 5, 5],
        ["group": .int(100), "pads": pads(2, 2, 2, 2)]
      ),
      ("1x1 of single pixels", [2, 70, 1, 1], [90, 70, 1, 1], [:]),
      ("1x1 of planes of 3x3", [2, 70, 3, 3], [90, 70, 1, 1], [:]),
      ("depthwise times 2", [1, 4, 6, 6], [8, 1, 3, 3], ["group": .int(4)]),
      ("one axis", [2, 3, 33], [4, 3, 4], ["strides": .ints([4])]),
      ("one axis 1001 wide", [1, 2, 1001], [3, 2, 5], ["pads": pads(2, 2)]),
      ("three axes", [1, 2, 5, 4, 6], [3, 2, 2, 3, 2], [:]),
      ("same upper", [1, 2, 7, 8], [2, 2, 4, 3], ["auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])]),
      ("same lower", [1, 2, 7, 8], [2, 2, 4, 3], ["auto_pad": .string("SAME_LOWER"), "strides": .ints([2, 2])]),
      ("as large as the image", [1, 3, 5, 5], [4, 3, 5, 5], [:]), ("no images", [0, 3, 5, 5], [4, 3, 3, 3], [:]),
      ("wide enough for threads", [2, 16, 19, 21], [24, 16, 3, 3], ["pads": pads(1, 1, 1, 1)]),
    ]
    return shapes.flatMap { (name, x, w, attributes) in
      Case.withWeights(
        "Conv", name, [.random(x), .random(w, seed: 2), .random([w[0]], seed: 3)], attributes, tolerance: 1e-5)
    } + Case.withWeights("Conv", "no bias", [.random([1, 3, 8, 8]), .random([5, 3, 3, 3], seed: 2)], tolerance: 1e-5)
      + Case.withWeights(
        "Conv", "a NaN spoils its window alone",
        [.random([1, 2, 7, 7]).replacing([24: .nan]), .random([3, 2, 3, 3], 0.1...1)],
        ["pads": pads(1, 1, 1, 1)], tolerance: 1e-5)
      + Case.withWeights(
        "Conv", "infinity beside padding stays infinity",
        [.full([1, 1, 4, 4], 1).replacing([0: .infinity]), .random([2, 1, 3, 3], 0.1...1)],
        ["pads": pads(1, 1, 1, 1)], tolerance: 1e-5)
  }()

  static let convTranspose: [Case] = {
    let shapes: [(String, [Int], [Int], [String: Attribute])] = [
      ("3x3", [1, 3, 5, 7], [3, 4, 3, 3], [:]), ("stride 2", [2, 3, 5, 4], [3, 2, 3, 3], ["strides": .ints([2, 2])]),
      ("stride 2 padded", [1, 4, 5, 5], [4, 3, 4, 4], ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])]),
      ("output padding", [1, 2, 4, 5], [2, 3, 3, 3], ["strides": .ints([2, 3]), "output_padding": .ints([1, 2])]),
      ("dilated", [1, 2, 5, 5], [2, 2, 3, 2], ["dilations": .ints([2, 3])]),
      ("grouped", [1, 6, 4, 4], [6, 2, 3, 3], ["group": .int(3)]),
      ("output shape", [1, 2, 4, 4], [2, 3, 3, 3], ["strides": .ints([2, 2]), "output_shape": .ints([8, 8])]),
      ("one axis", [2, 3, 17], [3, 2, 5], ["strides": .ints([2])]),
      ("three axes", [1, 2, 3, 2, 4], [2, 2, 2, 2, 3], [:]),
      ("same upper", [1, 2, 4, 5], [2, 2, 3, 3], ["strides": .ints([2, 2]), "auto_pad": .string("SAME_UPPER")]),
      ("no images", [0, 3, 5, 5], [3, 2, 3, 3], [:]),
    ]
    return shapes.flatMap { (name, x, w, attributes) -> [Case] in
      var groups = 1
      if case .int(let count) = attributes["group"] { groups = Int(count) }
      return Case.withWeights(
        "ConvTranspose", name, [.random(x), .random(w, seed: 2), .random([w[1] * groups], seed: 3)], attributes,
        tolerance: 1e-5)
    }
  }()
}
