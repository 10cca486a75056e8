import OneiroGraph

/// A number that no range can hold.
struct RangeFault: Sendable {
  /// What made the value; `nil` for what came in or went out.
  let node: Node?
  let value: String
  let element: Int
  let found: Float

  /// - source: where the call comes from.
  func error(calledWith source: String) -> GraphError {
    .mismatch(
      node: node, "value \"\(value)\": element \(element)", expected: "a finite number when called with \(source)",
      found: found.isNaN ? "NaN" : "\(found)")
  }
}
