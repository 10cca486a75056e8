import OneiroGraph

extension Operator {
  /// The shapes of the outputs for the inputs that a call really has. Runs the checks of the schema and of `infer` on
  /// them, so that a kernel may index by these shapes without asking again.
  static func checkedOutputDims(_ call: KernelCall) throws(KernelError) -> [[Int]] {
    try checkElementTypes(call)
    let context = InferenceContext(
      node: call.node, schema: schema, inputs: call.inputs.map { $0?.type }, values: call.inputs.map { $0?.tensor })
    let types: [ValueType]
    do {
      types = try infer(context)
    } catch {
      // Whoever runs the kernel adds the node's name.
      var unnamed = error
      unnamed.node = nil
      throw call.fails("\(unnamed)")
    }
    var result: [[Int]] = []
    for type in types {
      guard let tensor = type.tensorType, let dims = tensor.dims else { throw call.fails("the output's shape cannot be told") }
      _ = try call.elementCount(dims, of: .float64)
      result.append(dims)
    }
    return result
  }

  /// Holds the element types of a call against the schema's type variables.
  private static func checkElementTypes(_ call: KernelCall) throws(KernelError) {
    var bound: [String: ElementType] = [:]
    for (index, parameter) in schema.inputs.enumerated() where parameter.presence == .required && !call.has(index) {
      throw call.fails("input \(index) (\(parameter.name)) is missing")
    }
    for index in call.inputs.indices where call.has(index) {
      guard let parameter = schema.input(at: index) else { throw call.fails("input \(index) is one too many") }
      guard let allowed = schema.types[parameter.typeVariable] else { continue }
      let found = try call.tensor(index).elementType
      guard allowed.contains(found) else { throw call.fails("input \(index) (\(parameter.name)) cannot be \(found.name)") }
      if let first = bound[parameter.typeVariable], first != found {
        throw call.fails("input \(index) (\(parameter.name)): expected \(first.name), found \(found.name)")
      }
      bound[parameter.typeVariable] = found
    }
  }
}
