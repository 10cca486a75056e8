import OneiroGraph

/// Every operator that Oneiro knows, at the version that the canonical opset has.
public enum Operators {
  public static let all: [any Operator.Type] =
    math + tensors + network + reduction + logic + controlFlow + sequence
    + quantization + learning + images + pipeline + fused

  private static let byIdentifier: [OpIdentifier: any Operator.Type] = Dictionary(
    all.map { ($0.schema.op, $0) },
    uniquingKeysWith: { first, second in
      preconditionFailure("operator \(first.schema.op) is listed twice")
    })

  public static func find(_ op: OpIdentifier) -> (any Operator.Type)? { byIdentifier[op] }
}
