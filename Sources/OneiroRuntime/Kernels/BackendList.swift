/// What `--backend` says, before any kernel is loaded: where kernels come from in general, and for some roles or
/// operators.
public struct BackendList: Sendable {
  /// A backend's name, or a path to a `.so`; `nil`: the default's.
  public let general: String?
  /// By role ("unet") or operator type ("Conv"), in the order written; of several for one, the last counts.
  public let overrides: [(key: String, name: String)]

  /// - text: `onednn`, or a list such as `onednn,Conv=openblas`.
  public init(_ text: String) throws(RunError) {
    var general: String?
    var overrides: [(key: String, name: String)] = []
    for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
      switch parts.count {
      case 1 where general == nil && !entry.contains("="): general = parts[0]
      case 2: overrides.append((parts[0], parts[1]))
      default:
        throw .plugin(
          file: "--backend \(text)", reason: "expected NAME or a list such as onednn,unet=vector,Conv=openblas")
      }
    }
    (self.general, self.overrides) = (general, overrides)
  }
}
