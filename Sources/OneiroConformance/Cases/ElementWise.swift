import OneiroGraph

extension Conformance {
  /// Lengths that leave every possible tail behind vectors of 4, 8 and 16 lanes.
  static let tails = [0, 1, 3, 7, 15, 17, 31, 33, 1001]

  static let unary: [Case] =
    [
      ("Relu", [:]), ("LeakyRelu", ["alpha": .float(0.2)]), ("Elu", ["alpha": .float(1.3)]), ("Selu", [:]),
      ("Celu", ["alpha": .float(0.7)]), ("Sigmoid", [:]), ("Tanh", [:]), ("Exp", [:]), ("Neg", [:]), ("Abs", [:]),
      ("Floor", [:]), ("Ceil", [:]), ("Round", [:]), ("Sin", [:]), ("Cos", [:]), ("Erf", [:]), ("Softplus", [:]),
      ("Softsign", [:]), ("HardSigmoid", ["alpha": .float(0.3), "beta": .float(0.4)]), ("HardSwish", [:]),
      ("Gelu", [:]),
      ("Gelu", ["approximate": .string("tanh")]), ("Mish", [:]), ("Sign", [:]),
      ("ThresholdedRelu", ["alpha": .float(0.6)]),
      ("Log", [:]), ("Sqrt", [:]), ("Reciprocal", [:]),
    ].flatMap { (op: String, attributes: [String: Attribute]) in unary(op, attributes) }
    + unary("SiLU", domain: "ai.oneiro", [:])

  private static func unary(_ op: String, domain: String = "", _ attributes: [String: Attribute]) -> [Case] {
    let suffix = attributes["approximate"] == nil ? "" : ", tanh"
    // A logarithm, a root and a quotient are asked for where they have a value.
    let range: ClosedRange<Float> = ["Log", "Sqrt", "Reciprocal"].contains(op) ? 0.1...6 : -6...6
    // The first element is the largest, since the others are measured by it.
    let lengths = tails.map { length in
      let x = Tensor.random([length], range).replacing(length > 0 ? [0: range.upperBound] : [:])
      return Case(op, domain: domain, "\(length) wide\(suffix)", [.input(x)], attributes)
    }
    let magnitudes: [(String, Tensor)] = [
      ("NaN, infinities, denormals", .special), ("denormals alone", .denormal),
      ("moderate", .random([3, 5, 7], -30...30)),
    ]
    return lengths
      + magnitudes.map { (name, x) in
        Case(
          op, domain: domain, name + suffix, [.input(x)], attributes,
          tolerance: op == "Sin" || op == "Cos" ? 2e-6 : 1e-6)
      } + [Case(op, domain: domain, "a scalar\(suffix)", [.input(.full([], range.upperBound))], attributes)]
  }

  static let clip: [Case] = {
    let x = Tensor.random([5, 13])
    return [
      Case(
        "Clip", "both limits constant",
        [.input(x), .constant(Tensor(scalar: Float(-1))), .constant(Tensor(scalar: Float(1)))]),
      Case(
        "Clip", "limits come with the run",
        [.input(x), .input(Tensor(scalar: Float(-1))), .input(Tensor(scalar: Float(0.5)))]),
      Case("Clip", "upper limit alone", [.input(x), .absent, .constant(Tensor(scalar: Float(0.25)))]),
      Case("Clip", "lower limit alone", [.input(x), .constant(Tensor(scalar: Float(0.25)))]),
      Case("Clip", "no limit", [.input(x)]),
      Case(
        "Clip", "NaN and infinities",
        [.input(.special), .constant(Tensor(scalar: Float(-2))), .constant(Tensor(scalar: Float(2)))]),
      Case(
        "Clip", "int64",
        [.input(.randomInts(.int64, [17])), .constant(Tensor(scalar: Int64(-3))), .constant(Tensor(scalar: Int64(3)))]),
    ]
  }()

  /// Shapes of two operands that broadcast in every way there is.
  private static let pairs: [(String, [Int], [Int])] = [
    ("equal shapes", [3, 17], [3, 17]), ("by a scalar", [2, 33], []), ("a scalar by", [], [7, 5]),
    ("by a row", [4, 31], [31]), ("by a column", [5, 9], [5, 1]), ("by one per channel", [2, 3, 5, 7], [3, 1, 1]),
    ("both stretch", [4, 1, 7], [3, 1]), ("row by column", [1, 15], [6, 1]), ("middle axis", [3, 1, 4], [3, 5, 4]),
    ("rank 5", [2, 1, 3, 1, 2], [1, 2, 1, 3, 1]), ("no elements", [0, 4], [4]),
    ("no elements in a middle axis", [2, 0, 3], [1, 1, 3]),
    ("one for each of many small planes in a batch", [2, 45, 3, 5], [45, 1, 1]),
    ("one for each of many planes of one row", [3, 40, 17], [3, 40, 1]),
    ("1001 wide", [1001], [1001]), ("wide enough for threads", [40, 1001], [1001]),
  ]

  static let binary: [Case] = ["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "PRelu"].flatMap { op -> [Case] in
    // A root of a negative number is none, and a slope does not broadcast the other way.
    let left: ClosedRange<Float> = op == "Pow" ? 0.1...3 : -3...3
    let right: ClosedRange<Float> = op == "Div" ? 0.5...3 : -2...2
    let shapes = pairs.filter { op != "PRelu" || $0.2.count <= $0.1.count && broadcasts($0.2, to: $0.1) }
    var cases = shapes.map { (name, a, b) in
      Case(
        op, name, [.input(.random(a, left)), .input(.random(b, right, seed: 2))], tolerance: op == "Pow" ? 3e-6 : 1e-6)
    }
    cases.append(
      Case(
        op, "second operand constant", [.input(.random([6, 19], left)), .constant(.random([19], right, seed: 2))],
        tolerance: 3e-6))
    cases.append(
      Case(
        op, "first operand constant",
        [.constant(.random([6, 19], left)), .input(.random([op == "PRelu" ? 19 : 1], right, seed: 2))],
        tolerance: 3e-6))
    // Each special value meets each other one.
    let special = Tensor.special
    cases.append(
      Case(
        op, "NaN, infinities, denormals",
        [
          .input(special.reshaped([23, 1])),
          .input(op == "PRelu" ? special.reshaped([23, 1]) : special.reshaped([1, 23])),
        ]))
    return cases
  }

  private static func broadcasts(_ from: [Int], to: [Int]) -> Bool {
    zip(from.reversed(), to.reversed()).allSatisfy { $0 == $1 || $0 == 1 }
  }

  static let integerArithmetic: [Case] = ["Add", "Sub", "Mul", "Div", "Max", "Min"].flatMap { op in
    [ElementType.int32, .int64].flatMap { type in
      [
        Case(
          op, "\(type) 33 wide", [.input(.randomInts(type, [33])), .input(.randomInts(type, [33], 1...7, seed: 2))]),
        Case(
          op, "\(type) by a row", [.input(.randomInts(type, [5, 7])), .input(.randomInts(type, [7], 1...7, seed: 2))]),
      ]
    }
  }

  static let severalOperands: [Case] = ["Sum", "Mean", "Max", "Min"].flatMap { op in
    [
      Case(op, "one operand", [.input(.random([17]))]),
      Case(
        op, "three operands that broadcast",
        [.input(.random([3, 1])), .input(.random([7], seed: 2)), .input(.random([1, 1], seed: 3))]),
      Case(op, "four equal operands", (1...4).map { .input(.random([31], seed: $0)) }),
      Case(
        op, "NaN in one of three",
        [.input(.random([5])), .input(.random([5]).replacing([1: .nan])), .input(.random([5], seed: 3))]),
    ]
  }

  static let comparison: [Case] =
    ["Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"].flatMap { op in
      [
        Case(
          op, "floats, each special value against each",
          [.input(Tensor.special.reshaped([23, 1])), .input(Tensor.special.reshaped([1, 23]))]),
        Case(op, "floats 1001 wide", [.input(.random([1001])), .input(.random([1001], seed: 2))]),
        Case(
          op, "int32 by a row",
          [.input(.randomInts(.int32, [5, 33], -2...2)), .input(.randomInts(.int32, [33], -2...2, seed: 2))]),
        Case(
          op, "int64 by a scalar", [.input(.randomInts(.int64, [31], -2...2)), .constant(Tensor(scalar: Int64(0)))]),
        Case(op, "no elements", [.input(.random([0])), .input(.random([1]))]),
      ]
    } + [
      Case(
        "Equal", "bool", [.input(.randomInts(.bool, [17], 0...1)), .input(.randomInts(.bool, [17], 0...1, seed: 2))])
    ]

  static let logic: [Case] =
    ["And", "Or", "Xor"].flatMap { op in
      tails.map { length in
        Case(
          op, "\(length) wide",
          [.input(.randomInts(.bool, [length], 0...1)), .input(.randomInts(.bool, [length], 0...1, seed: 2))])
      } + [
        Case(
          op, "row by column",
          [.input(.randomInts(.bool, [9, 1], 0...1)), .input(.randomInts(.bool, [1, 9], 0...1, seed: 2))])
      ]
    } + tails.map { Case("Not", "\($0) wide", [.input(.randomInts(.bool, [$0], 0...1))]) }

  static let cast: [Case] = {
    let sources: [(String, Tensor)] = [
      ("float", .random([33], -100...100)),
      ("double", Tensor(.float64, doubles: [1.5, -2.5, 1e-3, 7, 100.7, 0, -1], dims: [7])),
      ("float16", Tensor(.float16, doubles: [1.5, -2.5, 0.125, 7, 100.75, 0, -1, 65504], dims: [8])),
      ("int32", .randomInts(.int32, [17], -99...99)), ("int64", .randomInts(.int64, [31], -99...99)),
      ("uint8", .randomInts(.uint8, [15], 0...255)), ("int8", .randomInts(.int8, [33], -128...127)),
      ("bool", .randomInts(.bool, [9], 0...1)),
    ]
    let targets: [ElementType] = [.float32, .float64, .float16, .int32, .int64, .uint8, .int8, .bool]
    return sources.flatMap { (name, x) in
      targets.filter { $0 != x.elementType }.map { target in
        // Negative floats have no value among unsigned integers, nor large ones among narrow integers.
        let y =
          x.elementType.isFloatingPoint && !target.isFloatingPoint && target != .bool
          ? Tensor(
            x.elementType, doubles: x.doubles().map { abs($0).truncatingRemainder(dividingBy: 100) }, dims: x.dims) : x
        return Case("Cast", "\(name) to \(target.name)", [.input(y)], ["to": .int(Int64(target.rawValue))])
      }
    } + [
      Case("Cast", "special floats to float16", [.input(.special)], ["to": .int(Int64(ElementType.float16.rawValue))])
    ]
  }()
}
