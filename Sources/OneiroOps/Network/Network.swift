extension Operators {
  static let network: [any Operator.Type] = [
    Attention.self,
    AveragePool.self,
    BatchNormalization.self,
    Conv.self,
    ConvTranspose.self,
    Dropout.self,
    GlobalAveragePool.self,
    GlobalLpPool.self,
    GlobalMaxPool.self,
    GroupNormalization.self,
    InstanceNormalization.self,
    LayerNormalization.self,
    LpNormalization.self,
    LpPool.self,
    LRN.self,
    MaxPool.self,
    MeanVarianceNormalization.self,
    RMSNormalization.self,
    RotaryEmbedding.self,
  ]
}
