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
    Entry(ExpandQLinear(), "first: quantized models are in one form then"),
    Entry(ExpandIntegerProduct(), "like the one above"),
    Entry(RemoveNeutral(), "early: what it removes stands between the parts of the patterns below"),
    Entry(ShareCommonSubexpressions(), "exporters write the same Reshape for every reader"),
    Entry(CancelTransposes(), "before attention is looked for, which follows them"),
    Entry(FoldBatchNormalization(), "before anything is fused with the convolution"),
    Entry(FuseGroupNormalization(), "before activations are fused, so that they find one normalization"),
    Entry(FuseLayerNormalization(), "like the one above"),
    Entry(ExpandAttention(), "the next finds its parts, as in files that have them already"),
    Entry(FuseAttention(), "before products take a bias: it looks through both"),
    Entry(FuseSiLU(), "a normalization or a convolution takes it in, further down"),
    Entry(FuseGelu(), "a product or a GEGLU takes it in, further down"),
    Entry(FuseGeluTanh(), "like the one above"),
    Entry(FuseGEGLU(), "before an activation is fused into the product that it reads"),
    Entry(FuseNormalizationActivation(), "needs both of its parts as single nodes"),
    Entry(FuseQuantized(), "before products take a bias, which is the quantized product's too"),
    Entry(FuseQuantizedGEGLU(), "needs products that are quantized"),
    Entry(FuseQuantizedNormalization(), "needs them with their activation"),
    Entry(FuseConcatNormalization(), "needs normalizations with all that they end with"),
    Entry(FuseWeightQuantized(), "like the one above, for what has quantized weights alone"),
    Entry(NarrowAttention(), "needs to see which products are quantized"),
    Entry(ReadAttentionColumns(), "the one above looks through the Slices"),
    Entry(FoldDequantization(), "what the one above did not take in; others look for constants"),
    Entry(FuseBias(), "the views it puts around products would hide the patterns above"),
    Entry(MergeAttentionProducts(), "needs products with their bias, and those whose Slices are gone"),
    Entry(FuseConvResidual(), "what is added comes before an activation"),
    Entry(FuseGemmResidual(), "like the one above; needs products with their bias"),
    Entry(FuseActivation(), "late: it takes in whatever the fused operators end with"),
    Entry(QuantizeBeforeTransposing(), "the next finds the product that made what was transposed"),
    Entry(FuseQuantizeLinear(), "quantization comes after an activation"),
    Entry(FuseUpsampling(), "last: looks for convolutions with all that they end with"),
  ]

  public static let all: [any RewriteRule] = list.map(\.rule)
}
