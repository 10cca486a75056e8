extension Operators {
  static let math: [any Operator.Type] = [
    Add.self,
  ]
}
