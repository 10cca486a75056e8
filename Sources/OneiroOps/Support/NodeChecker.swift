import OneiroGraph

/// Whether a node is what its operator's schema allows. What passes can be given to `infer` and to the kernels.
public enum NodeChecker {
  /// Checks what needs no types: the counts of inputs and outputs, and the attributes.
  public static func checkForm(_ node: Node, _ schema: OpSchema) throws(GraphError) {
    try checkValues(node, node.inputs, schema.inputs, "inputs")
    try checkValues(node, node.outputs, schema.outputs, "outputs")
    for (name, value) in node.attributes.sorted(by: { $0.key < $1.key }) {
      guard let attribute = schema.attributes.first(where: { $0.name == name }) else {
        let known = schema.attributes.map(\.name).sorted().joined(separator: ", ")
        throw .mismatch(
          node: node, "attribute \(name)", expected: known.isEmpty ? "no attributes" : "one of \(known)",
          found: "\(name)")
      }
      guard value.kind == attribute.kind else {
        throw .mismatch(node: node, "attribute \(name)", expected: "kind \(attribute.kind)", found: "\(value.kind)")
      }
    }
    for attribute in schema.attributes where attribute.isRequired && node.attributes[attribute.name] == nil {
      throw .mismatch(
        node: node, "attribute \(attribute.name)", expected: "a value of kind \(attribute.kind)", found: "none")
    }
  }

  private static func checkValues(
    _ node: Node, _ names: [String], _ parameters: [OpSchema.Parameter], _ what: String
  ) throws(GraphError) {
    var least = 0, most: Int? = parameters.count
    for (index, parameter) in parameters.enumerated() {
      switch parameter.presence {
      case .required: least = index + 1
      case .optional: break
      case .variadic(let atLeast, _):
        least = max(least, index + atLeast)
        most = nil
      }
    }
    guard names.count >= least, names.count <= most ?? .max else {
      let expected =
        most == least ? "\(least) \(what)" : most.map { "\(least) to \($0) \(what)" } ?? "\(least) or more \(what)"
      throw .mismatch(node: node, nil, expected: expected, found: "\(names.count)")
    }
    for (parameter, name) in zip(parameters, names) where parameter.presence == .required && name.isEmpty {
      throw .invalid(node: node, "\(what.dropLast()) \(parameter.name)", "is left out, which it must not be")
    }
  }

  /// Checks the inputs' element types against the schema's type variables.
  public static func checkTypes(_ node: Node, _ schema: OpSchema, _ inputs: [ValueType?]) throws(GraphError) {
    var bound: [String: (type: ElementType, input: String)] = [:]
    for (index, type) in inputs.enumerated() {
      guard let type, let parameter = schema.input(at: index), let allowed = schema.types[parameter.typeVariable] else {
        continue
      }
      let subject = "input \(parameter.name) \"\(node.inputs[index])\""
      guard let elementType = type.tensorType?.elementType, allowed.contains(elementType) else {
        let names = allowed.members.map(\.name).joined(separator: ", ")
        throw .mismatch(node: node, subject, expected: "a tensor of \(names)", found: "\(type)")
      }
      if case .variadic(_, sameType: false) = parameter.presence { continue }
      let first = bound[parameter.typeVariable] ?? (elementType, parameter.name)
      guard first.type == elementType else {
        throw .mismatch(
          node: node, subject, expected: "\(first.type.name)", found: "\(elementType.name)",
          because: "input \(first.input) has that type")
      }
      bound[parameter.typeVariable] = first
    }
  }
}
