import OneiroGraph

extension Operator {
  /// The shapes of the outputs for the inputs that a call really has. Runs the checks of the schema and of `infer` on
  /// them, so that a kernel may index by these shapes without asking again.
  static func checkedOutputDims(_ call: KernelCall) throws(KernelError) -> [[Int]] {
    try call.outputDims(checkedBy: self)
  }
}

extension KernelCall {
  /// Takes the operator as a value and not as a generic parameter, so that this is compiled once and not for each one.
  @inline(never)
  fileprivate func outputDims(checkedBy op: any Operator.Type) throws(KernelError) -> [[Int]] {
    try checkElementTypes(op.schema)
    let context = InferenceContext(
      node: node, schema: op.schema, inputs: inputs.map { $0?.type }, values: inputs.map { $0?.tensor })
    let types: [ValueType]
    do {
      types = try op.infer(context)
    } catch {
      // Whoever runs the kernel adds the node's name.
      var unnamed = error
      unnamed.node = nil
      throw fails("\(unnamed)")
    }
    var result: [[Int]] = []
    for type in types {
      guard let tensor = type.tensorType, let dims = tensor.dims else {
        throw fails("the output's shape cannot be told")
      }
      _ = try elementCount(dims, of: .float64)
      result.append(dims)
    }
    return result
  }

  /// Holds the element types of a call against the schema's type variables.
  private func checkElementTypes(_ schema: OpSchema) throws(KernelError) {
    var bound: [String: ElementType] = [:]
    for (index, parameter) in schema.inputs.enumerated() where parameter.presence == .required && !has(index) {
      throw fails("input \(index) (\(parameter.name)) is missing")
    }
    for index in inputs.indices where has(index) {
      guard let parameter = schema.input(at: index) else { throw fails("input \(index) is one too many") }
      guard let allowed = schema.types[parameter.typeVariable] else { continue }
      let found = try tensor(index).elementType
      guard allowed.contains(found) else { throw fails("input \(index) (\(parameter.name)) cannot be \(found.name)") }
      if let first = bound[parameter.typeVariable], first != found {
        throw fails("input \(index) (\(parameter.name)): expected \(first.name), found \(found.name)")
      }
      bound[parameter.typeVariable] = found
    }
  }
}
