import OneiroGraph

/// Attributes such as Cast's `to`, which hold a number of ONNX's TensorProto.DataType.
extension InferenceContext {
  /// The element type that attribute `name` holds, one of `allowed`.
  public func elementType(attribute name: String, of allowed: ElementTypeSet) throws(GraphError) -> ElementType {
    let number = attributes.int(name)
    guard let type = ElementType(attribute: number), allowed.contains(type) else {
      let found = ElementType(attribute: number)?.name ?? "\(number)"
      throw .mismatch(
        node: node, "attribute \(name)", expected: "one of \(allowed.members.map(\.name).joined(separator: ", "))",
        found: found)
    }
    return type
  }
}

extension KernelCall {
  /// The element type that attribute `name` holds.
  public func elementType(attribute name: String) throws(KernelError) -> ElementType {
    guard let type = ElementType(attribute: attributes.int(name)) else {
      throw fails("attribute \(name): \(attributes.int(name)) is no element type")
    }
    return type
  }
}

extension ElementType {
  init?(attribute number: Int) {
    guard let code = Int32(exactly: number), let type = ElementType(rawValue: code) else { return nil }
    self = type
  }
}
