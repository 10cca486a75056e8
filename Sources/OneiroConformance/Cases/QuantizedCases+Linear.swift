import OneiroGraph

extension QuantizedCases {
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
}
