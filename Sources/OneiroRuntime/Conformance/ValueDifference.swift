/// Where two values differ first.
public struct ValueDifference: Sendable, Equatable, CustomStringConvertible {
  /// The way to the tensor inside a sequence, an optional or a map: `element 2`, `key 7`. Empty for a tensor by itself.
  public var path: [String] = []
  /// The element's index along each axis of the tensor; `nil` where more than an element differs, such as the type.
  public let index: [Int]?
  public let expected: String
  public let found: String
  /// The largest |found - expected| that would have passed; `nil` where nothing but the same would have.
  public let tolerance: Double?

  init(index: [Int]? = nil, expected: String, found: String, tolerance: Double? = nil) {
    self.index = index
    self.expected = expected
    self.found = found
    self.tolerance = tolerance
  }

  /// The same, seen from a value that holds this one.
  func inside(_ step: String) -> ValueDifference {
    var outer = self
    outer.path.insert(step, at: 0)
    return outer
  }

  public var description: String {
    let place = path + (index.map { ["\($0)"] } ?? [])
    let limit = tolerance.map { ", tolerance \(Float($0))" } ?? ""
    return "\(place.isEmpty ? "" : place.joined(separator: " ") + ": ")expected \(expected), found \(found)\(limit)"
  }
}
