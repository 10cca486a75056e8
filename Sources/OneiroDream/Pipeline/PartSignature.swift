import OneiroGraph

/// Whether one graph can stand where another stood.
enum PartSignature {
  /// - outputCount: how many of the outputs the pipeline reads.
  static func check(_ new: Graph, replaces old: Graph, outputCount: Int, role: String) throws(DreamError) {
    let (given, wanted) = (new.requiredInputs, old.requiredInputs)
    guard given.count == wanted.count else {
      throw .mismatch(
        at: "role \"\(role)\"", expected: "\(wanted.count) inputs (\(list(wanted)))",
        found: "\(given.count) (\(list(given)))")
    }
    guard new.outputs.count >= outputCount else {
      throw .mismatch(
        at: "role \"\(role)\"", expected: "\(outputCount) outputs (\(list(old.outputs)))",
        found: "\(new.outputs.count) (\(list(new.outputs)))")
    }
    for (one, other) in zip(wanted, given) {
      try check(
        one.type, fits: other.type, "role \"\(role)\": input \"\(other.name)\"", because: "the pipeline gives it",
        flipped: true)
    }
    for (one, other) in zip(old.outputs, new.outputs).prefix(outputCount) {
      try check(
        other.type, fits: one.type, "role \"\(role)\": output \"\(other.name)\"", because: "the pipeline reads it")
    }
  }

  /// Refuses a value of type `given` where one of type `wanted` is needed. What is not known fits.
  /// - flipped: the sentence names `given` as the one expected, where `wanted` is what a new file asks for.
  static func check(
    _ given: ValueType?, fits wanted: ValueType?, _ place: String, because reason: String, flipped: Bool = false
  ) throws(DreamError) {
    guard let given, let wanted, !fits(given, wanted) else { return }
    let (expected, found) = flipped ? (given, wanted) : (wanted, given)
    throw .mismatch(at: place, expected: "\(expected)", found: "\(found) (\(reason))")
  }

  private static func fits(_ given: ValueType, _ wanted: ValueType) -> Bool {
    guard let given = given.tensorType, let wanted = wanted.tensorType else { return given == wanted }
    guard given.elementType == wanted.elementType else { return false }
    guard let left = given.shape, let right = wanted.shape else { return true }
    return left.count == right.count && zip(left, right).allSatisfy { $0.agrees(with: $1) }
  }

  private static func list(_ values: [ValueInfo]) -> String { values.map(\.name).joined(separator: ", ") }
}
