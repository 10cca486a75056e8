extension Operators {
  static let network: [any Operator.Type] = [
    LayerNormalization.self,
  ]
}
