import OneiroGraph

/// Compares what came out with what was recorded.
public struct ValueComparison: Sendable {
  /// A float passes when |found - expected| <= absolute + relative * |expected|; everything else has to be equal.
  public let relative: Double
  public let absolute: Double
  /// Takes the place of `relative` for bfloat16, where that is less.
  public let relativeForBFloat16: Double

  public init(relative: Double, absolute: Double, relativeForBFloat16: Double = 0) {
    self.relative = relative
    self.absolute = absolute
    self.relativeForBFloat16 = relativeForBFloat16
  }

  /// What ONNX's own runner allows.
  public static let onnx = Self(relative: 1e-3, absolute: 1e-7, relativeForBFloat16: 0x1p-6)

  /// The first difference; `nil` when there is none.
  public func difference(expected: Value, found: Value) -> ValueDifference? {
    switch (expected, found) {
    case (.tensor(let expected), .tensor(let found)): return difference(expected, found)
    case (.sequence(let expected, _), .sequence(let found, _)):
      guard expected.count == found.count else { return counted("elements", expected.count, found.count) }
      for (index, pair) in zip(expected, found).enumerated() {
        if let inner = difference(expected: pair.0, found: pair.1) { return inner.inside("element \(index)") }
      }
      return nil
    case (.optional(let expected, _), .optional(let found, _)):
      switch (expected, found) {
      case (nil, nil): return nil
      case (let expected?, let found?): return difference(expected: expected, found: found)
      case (let expected, _):
        let words = expected == nil ? ["nothing", "a value"] : ["a value", "nothing"]
        return ValueDifference(expected: words[0], found: words[1])
      }
    case (.optional(let expected?, _), _): return difference(expected: expected, found: found)
    case (_, .optional(let found?, _)): return difference(expected: expected, found: found)
    case (.map(let expected), .map(let found)):
      guard expected.count == found.count else { return counted("entries", expected.count, found.count) }
      for entry in expected {
        guard let other = found.first(where: { $0.key == entry.key }) else {
          return ValueDifference(expected: "key \(entry.key)", found: "none")
        }
        if let inner = difference(expected: entry.value, found: other.value) { return inner.inside("key \(entry.key)") }
      }
      return nil
    default: return ValueDifference(expected: "\(expected.type)", found: "\(found.type)")
    }
  }

  private func counted(_ what: String, _ expected: Int, _ found: Int) -> ValueDifference {
    ValueDifference(expected: "\(expected) \(what)", found: "\(found)")
  }

  public func difference(_ expected: Tensor, _ found: Tensor) -> ValueDifference? {
    guard expected.elementType == found.elementType, expected.dims == found.dims else {
      return ValueDifference(
        expected: "\(TensorType(expected.elementType, dims: expected.dims))",
        found: "\(TensorType(found.elementType, dims: found.dims))")
    }
    switch expected.elementType {
    case .string: return first(expected.strings, found.strings, expected.dims)
    case .complex64, .complex128:
      let width = expected.elementType == .complex64 ? ElementType.float32 : .float64
      return difference(expected.parts(width), found.parts(width))
    case let type where type.isFloatingPoint: return difference(ofFloats: expected, found)
    default: return first(expected.int64s(), found.int64s(), expected.dims)
    }
  }

  private func first<T: Equatable>(_ expected: [T], _ found: [T], _ dims: [Int]) -> ValueDifference? {
    guard let place = zip(expected, found).enumerated().first(where: { $0.1.0 != $0.1.1 })?.offset else { return nil }
    return ValueDifference(
      index: Self.index(of: place, in: dims), expected: "\(expected[place])", found: "\(found[place])")
  }

  private func difference(ofFloats expected: Tensor, _ found: Tensor) -> ValueDifference? {
    let type = expected.elementType
    let relative = type == .bfloat16 ? max(relative, relativeForBFloat16) : relative
    let pairs = zip(expected.doubles(), found.doubles()).enumerated()
    guard let (place, (wanted, given)) = pairs.first(where: { !isClose($0.1.0, $0.1.1, relative) }) else { return nil }
    // As many digits as the type has, where Double would show those of its own.
    let text = { (number: Double) in type == .float64 ? "\(number)" : "\(Float(number))" }
    return ValueDifference(
      index: Self.index(of: place, in: expected.dims), expected: text(wanted), found: text(given),
      tolerance: wanted.isFinite ? absolute + relative * abs(wanted) : nil)
  }

  private func isClose(_ expected: Double, _ found: Double, _ relative: Double) -> Bool {
    if expected.isNaN || found.isNaN { return expected.isNaN && found.isNaN }
    if expected.isInfinite || found.isInfinite { return expected == found }
    return abs(found - expected) <= absolute + relative * abs(expected)
  }

  /// Of the element that is `place` elements behind the first.
  private static func index(of place: Int, in dims: [Int]) -> [Int] {
    var rest = place
    return dims.reversed().map { extent in
      defer { rest /= extent }
      return rest % extent
    }.reversed()
  }
}

extension Tensor {
  /// Complex numbers as pairs of real ones along a new last axis.
  fileprivate func parts(_ type: ElementType) -> Tensor {
    guard let storage else { return self }
    return Tensor(type, dims: dims + [2], storage: storage)
  }
}
