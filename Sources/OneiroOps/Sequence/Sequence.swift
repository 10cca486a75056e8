extension Operators {
  static let sequence: [any Operator.Type] = [
  ]
}
