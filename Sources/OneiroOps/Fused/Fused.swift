extension Operators {
  /// What passes write where a kernel does the work of several nodes.
  static let fused: [any Operator.Type] = [
    ConcatGroupNormalization.self,
    FusedBatchNormalization.self,
    FusedConv.self,
    FusedGemm.self,
    FusedGroupNormalization.self,
    GEGLU.self,
    QuantizeGroupNormalization.self,
    QuantizeLayerNormalization.self,
    QuantizedConv.self,
    QuantizedGEGLU.self,
    QuantizedGemm.self,
    UpsampledConv.self,
    UpsampledQuantizedConv.self,
    WeightQuantizedConv.self,
    WeightQuantizedGemm.self,
  ]
}
