import OneiroGraph

extension Shape {
  /// An axis in 0 ..< rank; negative ones count from the end.
  static func axis(_ axis: Int, rank: Int) throws(KernelError) -> Int {
    guard axis >= -rank, axis < rank else {
      throw KernelError("axis: expected \(-rank) ... \(rank - 1) because the rank is \(rank), found \(axis)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Axes in 0 ..< rank in the order given, each at most once.
  static func axes(_ axes: [Int], rank: Int) throws(KernelError) -> [Int] {
    var result: [Int] = []
    for axis in axes {
      let axis = try Self.axis(axis, rank: rank)
      guard !result.contains(axis) else { throw KernelError("axis \(axis) stands twice among the axes \(axes)") }
      result.append(axis)
    }
    return result
  }
}

extension Dimension {
  /// The extent of several axes made one.
  static func product(_ dims: some Sequence<Dimension>) -> Dimension {
    let others = dims.filter { $0 != .known(1) }
    if others.contains(.known(0)) { return .known(0) }
    if others.count == 1 { return others[0] }
    let known = others.compactMap(\.extent)
    guard known.count == others.count, let product = Tensor.elementCount(known) else { return .unknown }
    return .known(product)
  }

  /// What is known of an axis that is both; the caller has seen that they agree.
  func merged(with other: Dimension) -> Dimension {
    switch (self, other) {
    case (.known, _), (.symbol, .unknown), (.symbol, .symbol): self
    default: other
    }
  }
}

extension Array where Element == Dimension {
  static func unknown(rank: Int) -> [Dimension] { [Dimension](repeating: .unknown, count: rank) }
}
