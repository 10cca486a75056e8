import ArgumentParser
import OneiroDream
import OneiroOps
import OneiroRuntime

extension Backend {
  /// The backend itself, unless its list has an entry for something that no model has: nobody would notice that such an
  /// entry does nothing.
  /// - option: as it was given, for the message.
  func checked(option: String) throws -> Backend {
    let parts = PipelinePart.all.map(\.role), operators = Set(Operators.all.map { $0.schema.op.opType })
    for key in overrides.keys.sorted() where !parts.contains(key) && !operators.contains(key) {
      let near = names(near: key, in: parts + operators)
      let hint =
        near.isEmpty
        ? "parts are \(parts.joined(separator: ", ")), oneiro ops lists operators"
        : "near it: \(near.joined(separator: ", "))"
      throw ValidationError("\(option): expected an operator or a part of a pipeline, found \"\(key)\"; \(hint)")
    }
    return self
  }
}
