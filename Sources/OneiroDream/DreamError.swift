import OneiroGraph
import OneiroRuntime

/// What kept a picture from being made.
public enum DreamError: Error, Sendable {
  /// A file, an argument or a value does not fit: where, what was expected and what was found.
  case mismatch(at: String, expected: String, found: String)
  /// The system refused to read or write a file.
  case file(String, reason: String)
  case graph(GraphError)
  case run(RunError)

  /// The same error with the file that it is about in front.
  public func located(in file: String) -> DreamError {
    switch self {
    case .mismatch(let place, let expected, let found):
      .mismatch(at: "\(file): \(place)", expected: expected, found: found)
    case .graph(let error): .graph(error.located(in: file))
    case .run(let error): .run(error.located(in: file))
    case .file: self
    }
  }
}

extension DreamError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .mismatch(let place, let expected, let found): "\(place): expected \(expected), found \(found)"
    case .file(let path, let reason): "\(path): \(reason)"
    case .graph(let error): error.description
    case .run(let error): error.description
    }
  }
}
