extension Operators {
  static let logic: [any Operator.Type] = [
    Equal.self, Where.self,
  ]
}
