extension Operators {
  static let pipeline: [any Operator.Type] = [
    Denoise.self,
    Subgraph.self,
  ]
}
