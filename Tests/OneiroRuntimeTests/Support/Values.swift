import OneiroGraph

/// Numbers that are the same on every machine and in every run (SplitMix64).
struct Numbers {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 0 ..< 1.
  mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }
  mutating func int(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }
}

extension Tensor {
  /// Floats spread evenly over `range`, the same for the same shape and seed.
  static func random(_ dims: [Int], _ range: ClosedRange<Float> = -2...2, seed: Int = 1) -> Tensor {
    var numbers = Numbers(seed: dims.reduce(UInt64(seed)) { $0 &* 1_000_003 &+ UInt64($1) })
    let width = Double(range.upperBound) - Double(range.lowerBound)
    let count = Tensor.elementCount(dims)!
    return Tensor((0..<count).map { _ in Float(Double(range.lowerBound) + width * numbers.unit()) }, dims: dims)
  }

  static func randomInts(_ type: ElementType, _ dims: [Int], _ range: ClosedRange<Int> = -9...9, seed: Int = 1)
    -> Tensor
  {
    var numbers = Numbers(seed: dims.reduce(UInt64(seed)) { $0 &* 1_000_003 &+ UInt64($1) })
    let count = Tensor.elementCount(dims)!
    return Tensor(type, int64s: (0..<count).map { _ in Int64(numbers.int(range)) }, dims: dims)
  }

  static func full(_ dims: [Int], _ value: Float) -> Tensor {
    Tensor([Float](repeating: value, count: Tensor.elementCount(dims)!), dims: dims)
  }

  static func ints(_ values: [Int64]) -> Tensor { Tensor(values, dims: [values.count]) }

  /// What is hard on float kernels, among ordinary numbers: NaN, infinities, zeros of both signs, denormals, the
  /// largest.
  static let special = Tensor(
    [
      .nan, .infinity, -.infinity, 0, -0.0, 1, -1, 1e-40, -1e-40, .leastNonzeroMagnitude, .leastNormalMagnitude,
      .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 88, -88, 104, -104, 0.5, -0.5, 1.5, 2.5, 3, -3,
    ] as [Float], dims: [23])

  /// Numbers that are all denormal.
  static let denormal = Tensor((1...37).map { Float($0) * 3e-41 }, dims: [37])

  /// The same with some elements replaced.
  func replacing(_ elements: [Int: Float]) -> Tensor {
    var values = self.elements(of: Float.self)
    for (index, value) in elements { values[index] = value }
    return Tensor(values, dims: dims)
  }
}

extension Attribute {
  static func string(_ text: String) -> Attribute { .string(Array(text.utf8)) }
}
