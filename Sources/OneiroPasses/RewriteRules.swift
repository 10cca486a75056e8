/// The rewrites in the order they run.
public enum RewriteRules {
  public static let all: [any RewriteRule] = [
    FuseGroupNormalization(),  // first: what it makes may be followed by a SiLU
    FuseSiLU(),
    FuseGelu(),
    FuseBias(),
  ]
}
