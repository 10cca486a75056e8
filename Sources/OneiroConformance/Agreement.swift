import OneiroGraph

/// How far a result may be from the reference's: for floats a part of the reference's largest finite magnitude, since a
/// sum is as exact as its largest terms let it be; NaN and infinities at the same places; everything else equal, but
/// for bytes that were floats, which may be a step apart where the tolerance is as large as that.
package struct Agreement {
  package let tolerance: Double

  package init(tolerance: Double) { self.tolerance = tolerance }

  /// The first element that is not as it should be, or what is wrong with the whole.
  package struct Difference: Sendable, Codable, CustomStringConvertible {
    package var output: String?
    /// Of the element in row-major order; `nil`: the type or the shape differs, or there is no such output.
    package var index: Int?
    package let expected: String
    package let found: String
    /// Absolute; `nil`: none.
    package var allowed: Double?

    package var description: String {
      let place = [output.map { "output \($0)" }, index.map { "element \($0)" }].compactMap(\.self)
      return (place.isEmpty ? "" : place.joined(separator: ", ") + ": ") + "expected \(expected), found \(found)"
        + (allowed.map { ", allowed \($0) apart" } ?? "")
    }
  }

  package struct Comparison: Sendable {
    /// The largest difference of two finite elements, as a part of the reference's largest finite magnitude.
    package var error = 0.0
    package var difference: Difference?
  }

  package func compare(expected: Tensor, found: Tensor) -> Comparison {
    guard expected.elementType == found.elementType, expected.dims == found.dims else {
      return Comparison(
        difference: Difference(
          expected: "\(expected.elementType)\(expected.dims)", found: "\(found.elementType)\(found.dims)"))
    }
    guard expected.elementType.isFloatingPoint else {
      let pairs = zip(expected.int64s(), found.int64s())
      let limit: Int64 = expected.elementType.bitWidth == 8 && tolerance * 255 >= 1 ? 1 : 0
      let first = pairs.enumerated().first { abs($1.0 - $1.1) > limit }
      return Comparison(
        difference: first.map { Difference(index: $0, expected: "\($1.0)", found: "\($1.1)") })
    }
    let wanted = expected.doubles()
    let largest = wanted.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    // Denormals lie this far apart, however small they are: one is lost to rounding on either side.
    let slack = tolerance > 0 ? 2 * Double(Float.leastNonzeroMagnitude) : 0
    let limit = tolerance * largest + slack
    var comparison = Comparison()
    for (index, (a, b)) in zip(wanted, found.doubles()).enumerated() {
      let isClose = a.isNaN ? b.isNaN : a.isInfinite ? a == b : abs(a - b) <= limit
      if a.isFinite, b.isFinite, abs(a - b) > slack { comparison.error = max(comparison.error, abs(a - b) / largest) }
      if !isClose, comparison.difference == nil {
        comparison.difference = Difference(index: index, expected: "\(a)", found: "\(b)", allowed: limit)
      }
    }
    return comparison
  }

  package func compare(expected: [String: Tensor], found: [String: Tensor]) -> Comparison {
    var all = Comparison()
    for (name, tensor) in expected.sorted(by: { $0.key < $1.key }) {
      var one =
        found[name].map { compare(expected: tensor, found: $0) }
        ?? Comparison(difference: Difference(expected: "a value", found: "none"))
      one.difference?.output = name
      all.error = max(all.error, one.error)
      all.difference = all.difference ?? one.difference
    }
    return all
  }

  /// The first difference in words; `nil` when there is none.
  package func difference(expected: Tensor, found: Tensor) -> String? {
    compare(expected: expected, found: found).difference?.description
  }

  package func difference(expected: [String: Tensor], found: [String: Tensor]) -> String? {
    compare(expected: expected, found: found).difference?.description
  }
}
