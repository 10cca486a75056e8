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
    for block in 0..<outer {
      for column in 0..<inner { try body(block * length * inner + column) }
    }
  }
}

extension Shape {
  /// The product of extents that a tensor in memory has, which cannot overflow unless one of them is zero.
  public static func count(_ dims: some Sequence<Int>) -> Int {
    dims.contains(0) ? 0 : dims.reduce(1, *)
  }
}
