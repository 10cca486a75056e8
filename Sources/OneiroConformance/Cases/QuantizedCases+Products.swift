import OneiroGraph

extension QuantizedCases {
  /// Sizes that leave tails of bytes, rows and columns; both types of activations, and zero points at their ends.
  static let gemm: [Case] = {
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
  static let geglu: [Case] = {
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
}
