extension Operators {
  static let controlFlow: [any Operator.Type] = [
  ]
}
