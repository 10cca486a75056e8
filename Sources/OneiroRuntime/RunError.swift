import OneiroGraph

/// What went wrong while a graph was bound, planned or run.
public enum RunError: Error, Sendable, CustomStringConvertible {
  /// The graph or what was fed to it does not fit.
  case graph(GraphError)
  /// No kernel that may run the node takes it.
  case noKernel(node: String, op: OpIdentifier, backend: String, reasons: String)
  /// A kernel gave up.
  case kernel(node: String, op: OpIdentifier, kernel: String, reason: String)
  /// A value came out that is no finite number.
  case notFinite(node: String, op: OpIdentifier, value: String, element: Int, found: Double)
  /// A kernel plugin cannot be used.
  case plugin(file: String, reason: String)
  /// Any of these in a model's file.
  indirect case model(file: String, RunError)

  /// The same error with the model's file in front, unless it names a file.
  public func located(in file: String) -> RunError {
    switch self {
    case .graph(let error): .graph(error.located(in: file))
    case .noKernel, .kernel, .notFinite: .model(file: file, self)
    case .plugin, .model: self
    }
  }

  public var description: String {
    switch self {
    case .graph(let error): error.description
    case .noKernel(let node, let op, let backend, let reasons):
      "node \"\(node)\" (\(op)) on \(backend): no kernel, and nothing may fall back: \(reasons)"
    case .kernel(let node, let op, let kernel, let reason): "node \"\(node)\" (\(op)) on \(kernel): \(reason)"
    case .notFinite(let node, let op, let value, let element, let found):
      "node \"\(node)\" (\(op)): value \"\(value)\" element \(element): expected a finite number, found \(found)"
    case .plugin(let file, let reason): "\(file): \(reason)"
    case .model(let file, let error): "\(file): \(error)"
    }
  }
}
