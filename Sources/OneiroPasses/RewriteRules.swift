/// The rewrites in the order they run.
public enum RewriteRules {
  public static let all: [any RewriteRule] = [
    RemoveNeutral(),  // first: what it removes stands between the parts of the patterns below
    FuseGroupNormalization(),
    FuseAttention(),
    FuseSiLU(),
    FuseGelu(),
    FuseBias(),
  ]
}
