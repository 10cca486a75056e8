import OneiroGraph

/// How far a result may be from the reference's: for floats a part of the reference's largest finite magnitude, since a
/// sum is as exact as its largest terms let it be; NaN and infinities at the same places; everything else equal.
struct Agreement {
  let tolerance: Double

  /// The first difference in words; `nil` when there is none.
  func difference(expected: Tensor, found: Tensor) -> String? {
    guard expected.elementType == found.elementType, expected.dims == found.dims else {
      return "expected \(expected.elementType)\(expected.dims), found \(found.elementType)\(found.dims)"
    }
    guard expected.elementType.isFloatingPoint else {
      let pairs = zip(expected.int64s(), found.int64s())
      return pairs.enumerated().first { $1.0 != $1.1 }.map { "element \($0): expected \($1.0), found \($1.1)" }
    }
    let wanted = expected.doubles()
    let largest = wanted.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    // Denormals lie this far apart, however small they are: one is lost to rounding on either side.
    let limit = tolerance * largest + (tolerance > 0 ? 2 * Double(Float.leastNonzeroMagnitude) : 0)
    for (index, (a, b)) in zip(wanted, found.doubles()).enumerated() {
      let isClose = a.isNaN ? b.isNaN : a.isInfinite ? a == b : abs(a - b) <= limit
      if !isClose { return "element \(index): expected \(a), found \(b), allowed \(limit) apart" }
    }
    return nil
  }

  func difference(expected: [String: Tensor], found: [String: Tensor]) -> String? {
    for (name, tensor) in expected.sorted(by: { $0.key < $1.key }) {
      guard let other = found[name] else { return "output \(name) is missing" }
      if let text = difference(expected: tensor, found: other) { return "output \(name), \(text)" }
    }
    return nil
  }
}
