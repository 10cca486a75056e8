import OneiroGraph

/// Numbers that are the same on every machine and in every run (SplitMix64).
package struct Numbers {
  private var state: UInt64
  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 0 ..< 1.
  package mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }
  package mutating func int(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }
}

extension Tensor {
  /// Floats spread evenly over `range`, the same for the same shape and seed.
  package static func random(_ dims: [Int], _ range: ClosedRange<Float> = -2...2, seed: Int = 1) -> Tensor {
    var numbers = Numbers(seed: dims.reduce(UInt64(seed)) { $0 &* 1_000_003 &+ UInt64($1) })
    let width = Double(range.upperBound) - Double(range.lowerBound)
    let count = Tensor.elementCount(dims)!
    return Tensor((0..<count).map { _ in Float(Double(range.lowerBound) + width * numbers.unit()) }, dims: dims)
  }

  package static func randomInts(_ type: ElementType, _ dims: [Int], _ range: ClosedRange<Int> = -9...9, seed: Int = 1)
    -> Tensor
  {
    var numbers = Numbers(seed: dims.reduce(UInt64(seed)) { $0 &* 1_000_003 &+ UInt64($1) })
    let count = Tensor.elementCount(dims)!
    return Tensor(type, int64s: (0..<count).map { _ in Int64(numbers.int(range)) }, dims: dims)
  }

  package static func full(_ dims: [Int], _ value: Float) -> Tensor {
    Tensor([Float](repeating: value, count: Tensor.elementCount(dims)!), dims: dims)
  }

  package static func ints(_ values: [Int64]) -> Tensor { Tensor(values, dims: [values.count]) }

  /// What is hard on float kernels, among ordinary numbers: NaN, infinities, zeros of both signs, denormals, the
  /// largest.
  package static let special = Tensor(
    [
      .nan, .infinity, -.infinity, 0, -0.0, 1, -1, smallest(1e-40), smallest(-1e-40), .leastNonzeroMagnitude,
      .leastNormalMagnitude,
      .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 88, -88, 104, -104, 0.5, -0.5, 1.5, 2.5, 3, -3,
    ] as [Float], dims: [23])

  /// Rounded at run time: a literal that underflows is warned of.
  private static func smallest(_ value: Double) -> Float { Float(value) }

  /// Numbers that are all denormal.
  package static let denormal = Tensor((1...37).map { smallest(Double($0) * 3e-41) }, dims: [37])

  /// The same with some elements replaced.
  package func replacing(_ elements: [Int: Float]) -> Tensor {
    var values = self.elements(of: Float.self)
    for (index, value) in elements { values[index] = value }
    return Tensor(values, dims: dims)
  }
}
