/// The rewrites in the order they run.
public enum RewriteRules {
  public struct Entry: Sendable {
    public let rule: any RewriteRule
    /// Why it stands where it stands.
    public let reason: String

    init(_ rule: any RewriteRule, _ reason: String) {
      self.rule = rule
      self.reason = reason
    }
  }

  public static let list: [Entry] = [
    Entry(RemoveNeutral(), "first: what it removes stands between the parts of the patterns below"),
    Entry(FuseGroupNormalization(), "before activations are fused, so that they find one normalization"),
    Entry(FuseAttention(), "before products take a bias: it looks through both"),
    Entry(FuseSiLU(), "a normalization takes it in, further down"),
    Entry(FuseGelu(), "a product takes it in, further down"),
    Entry(FuseBias(), "last: views around products would hide the patterns above"),
  ]

  public static let all: [any RewriteRule] = list.map(\.rule)
}
