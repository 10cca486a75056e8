import OneiroGraph

/// How the gradient of a node's first output becomes those of its inputs.
struct Derivative: Sendable {
  let op: OpIdentifier
  /// One value for each input, in its shape; `nil` for one of which only the shape counts, and for axes and conditions.
  /// - gradient: of the first output, in its shape.
  let backward:
    @Sendable (_ node: Node, _ gradient: String, _ builder: inout DerivativeBuilder) throws(GraphError) -> [String?]

  init(
    _ opType: String, domain: String = "",
    backward: @escaping @Sendable (Node, String, inout DerivativeBuilder) throws(GraphError) -> [String?]
  ) {
    op = OpIdentifier(opType, domain: domain)
    self.backward = backward
  }
}

/// Every operator that Gradient can look through.
enum Derivatives {
  static let all = arithmetic + activations + products + reductions + movement + convolution

  private static let byOperator = Dictionary(uniqueKeysWithValues: all.map { ($0.op, $0) })
  static func find(_ op: OpIdentifier) -> Derivative? { byOperator[op] }
}
