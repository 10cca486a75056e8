extension Operators {
  static let logic: [any Operator.Type] = [
    And.self, Equal.self, Greater.self, GreaterOrEqual.self, Less.self, LessOrEqual.self, Not.self, Or.self,
    Where.self, Xor.self,
  ]
}
