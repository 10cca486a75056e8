import OneiroGraph

/// Which rewrites run, and how far: what finds the one that spoils a result.
public struct RewriteSettings: Sendable {
  /// Names of rules that are left out.
  public var skipped: Set<String>
  /// How many patches are applied in all; `nil` for as many as there are.
  public var stopAfter: Int?

  public init() {
    skipped = []
    stopAfter = nil
  }

  /// Every rule left out.
  public static var none: RewriteSettings {
    var settings = RewriteSettings()
    settings.skipped = Set(RewriteRules.all.map(\.name) + [hoisting])
    return settings
  }

  /// - skipped: names of rules, or "all".
  /// - Throws: when there is no rule of a name.
  public init(skipping skipped: [String], stopAfter: Int? = nil) throws(GraphError) {
    let names = RewriteRules.all.map(\.name) + [Self.hoisting]
    if let stranger = skipped.first(where: { $0 != Self.all && !names.contains($0) }) {
      throw .mismatch(
        "pass \"\(stranger)\"", expected: "\(Self.all) or one of \(names.joined(separator: ", "))",
        found: "a name that no pass has")
    }
    self.skipped = skipped.contains(Self.all) ? Self.none.skipped : Set(skipped)
    self.stopAfter = stopAfter
  }

  /// What the planner does with the steps of a loop's body: those that hang on inputs which stay the same run once.
  public static let hoisting = "hoist-invariants"

  /// The rule that lets attention of quantized products be computed in few bits.
  public static let narrowAttention = "narrow-attention"

  /// Stands for every rule.
  public static let all = "all"
}
