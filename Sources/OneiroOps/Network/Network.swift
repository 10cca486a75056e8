extension Operators {
  static let network: [any Operator.Type] = [
    Conv.self,
    InstanceNormalization.self,
    LayerNormalization.self,
  ]
}
