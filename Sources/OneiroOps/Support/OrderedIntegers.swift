import OneiroGraph

extension Tensor {
  /// Integers whose signed order is the order of the elements: those of uint64, whose top bit is no sign, are shifted
  /// by half the range. `Tensor(_:orderedInt64s:dims:)` shifts them back.
  public func orderedInt64s() -> [Int64] { elementType == .uint64 ? int64s().map { $0 ^ .min } : int64s() }

  public init(_ elementType: ElementType, orderedInt64s: [Int64], dims: [Int]) {
    self.init(elementType, int64s: elementType == .uint64 ? orderedInt64s.map { $0 ^ .min } : orderedInt64s, dims: dims)
  }
}

extension ElementType {
  /// The ends of an integer type or bool, as `orderedInt64s` gives them.
  public var orderedRange: ClosedRange<Int64> {
    switch self {
    case .bool: 0...1
    case .uint64: Int64.min...Int64.max
    case _ where isUnsignedInteger: 0...(1 << Int64(bitWidth) - 1)
    default: Int64.min >> Int64(64 - bitWidth)...Int64.max >> Int64(64 - bitWidth)
    }
  }
}
