extension Operators {
  /// What passes write where a kernel does the work of several nodes.
  static let fused: [any Operator.Type] = [
    FusedConv.self,
    FusedGemm.self,
    FusedGroupNormalization.self,
    GEGLU.self,
    QuantizedConv.self,
    QuantizedGemm.self,
    WeightQuantizedConv.self,
    WeightQuantizedGemm.self,
  ]
}
