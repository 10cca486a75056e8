import OneiroGraph

/// A row-major shape seen from one axis: `outer` blocks of `length` rows of `inner` neighbours.
public struct AxisSplit: Sendable {
  public let outer: Int
  public let length: Int
  public let inner: Int

  public init(_ dims: [Int], axis: Int) {
    outer = Shape.count(dims[..<axis])
    length = dims[axis]
    inner = Shape.count(dims[(axis + 1)...])
  }

  /// Calls `body` with the index of the first element of every line along the axis; its elements lie `inner` apart.
  public func forEachLine<E: Error>(_ body: (_ start: Int) throws(E) -> Void) throws(E) {
    guard outer > 0, length > 0, inner > 0 else { return }
    for block in 0..<outer {
      for column in 0..<inner { try body(block * length * inner + column) }
    }
  }
}

extension Shape {
  /// The product of extents of a tensor in memory, or of some of them. Where a tensor has no elements, those that are
  /// not zero may overflow: then the product is the largest number.
  public static func count(_ dims: some Sequence<Int>) -> Int {
    if dims.contains(0) { return 0 }
    return dims.reduce(1) { product, extent in
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      return overflow ? .max : next
    }
  }
}
