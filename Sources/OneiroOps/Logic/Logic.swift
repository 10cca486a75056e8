extension Operators {
  static let logic: [any Operator.Type] = [
  ]
}
