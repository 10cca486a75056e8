extension Operators {
  static let tensors: [any Operator.Type] = [
    Reshape.self,
  ]
}
