extension Operators {
  static let reduction: [any Operator.Type] = [
    ReduceMean.self,
  ]
}
