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

  /// The first difference in words; `nil` when there is none.
  public func difference(expected: Value, found: Value) -> String? {
    switch (expected, found) {
    case (.tensor(let expected), .tensor(let found)): return difference(expected, found)
    case (.sequence(let expected, _), .sequence(let found, _)):
      guard expected.count == found.count else { return "expected \(expected.count) elements, found \(found.count)" }
      for (index, pair) in zip(expected, found).enumerated() {
        if let text = difference(expected: pair.0, found: pair.1) { return "element \(index): \(text)" }
      }
      return nil
    case (.optional(let expected, _), .optional(let found, _)):
      switch (expected, found) {
      case (nil, nil): return nil
      case (let expected?, let found?): return difference(expected: expected, found: found)
      case (let expected, _): return "expected \(expected == nil ? "nothing" : "a value"), found the opposite"
      }
    case (.optional(let expected?, _), _): return difference(expected: expected, found: found)
    case (_, .optional(let found?, _)): return difference(expected: expected, found: found)
    case (.map(let expected), .map(let found)):
      guard expected.count == found.count else { return "expected \(expected.count) entries, found \(found.count)" }
      for entry in expected {
        guard let other = found.first(where: { $0.key == entry.key }) else { return "key \(entry.key) is missing" }
        if let text = difference(expected: entry.value, found: other.value) { return "key \(entry.key): \(text)" }
      }
      return nil
    default: return "expected \(expected.type), found \(found.type)"
    }
  }

  public func difference(_ expected: Tensor, _ found: Tensor) -> String? {
    guard expected.elementType == found.elementType, expected.dims == found.dims else {
      return
        "expected \(TensorType(expected.elementType, dims: expected.dims)), found \(TensorType(found.elementType, dims: found.dims))"
    }
    func first<T>(_ a: [T], _ b: [T], _ fits: (T, T) -> Bool) -> String? {
      zip(a, b).enumerated().first { !fits($1.0, $1.1) }.map { "element \($0): expected \($1.0), found \($1.1)" }
    }
    switch expected.elementType {
    case .string: return first(expected.strings, found.strings, ==)
    case .complex64, .complex128:
      let width = expected.elementType == .complex64 ? ElementType.float32 : .float64
      return difference(expected.parts(width), found.parts(width))
    case let type where type.isFloatingPoint:
      let relative = type == .bfloat16 ? max(relative, relativeForBFloat16) : relative
      return first(expected.doubles(), found.doubles()) { isClose($0, $1, relative) }
    default: return first(expected.int64s(), found.int64s(), ==)
    }
  }

  private func isClose(_ expected: Double, _ found: Double, _ relative: Double) -> Bool {
    if expected.isNaN || found.isNaN { return expected.isNaN && found.isNaN }
    if expected.isInfinite || found.isInfinite { return expected == found }
    return abs(found - expected) <= absolute + relative * abs(expected)
  }
}

extension Tensor {
  /// Complex numbers as pairs of real ones along a new last axis.
  fileprivate func parts(_ type: ElementType) -> Tensor {
    guard let storage else { return self }
    return Tensor(type, dims: dims + [2], storage: storage)
  }
}
