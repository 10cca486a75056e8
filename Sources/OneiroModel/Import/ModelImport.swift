import COnnx
import OneiroGraph

extension MessageReader {
  /// What inference needs of a model. Training information, device configurations and quantization annotations are left
  /// out: they change no result.
  func model(_ message: Onnx__ModelProto) throws(GraphError) -> Model {
    guard let graph = message.graph else { throw .mismatch(nil, expected: "a model with a graph", found: "none") }
    try checkVersion(message.ir_version)
    var opsets = try opsetImports(message.n_opset_import, message.opset_import, "the model")
    // Before version 3 of the format there was one opset alone.
    if opsets.isEmpty && message.ir_version < 3 { opsets[""] = 1 }
    var model = Model(graph: try self.graph(graph.pointee), opsetImports: opsets)
    model.irVersion = message.ir_version
    model.producerName = try text(message.producer_name, "producer name")
    model.producerVersion = try text(message.producer_version, "producer version")
    model.domain = try text(message.domain, "domain of the model")
    model.modelVersion = message.model_version
    model.docString = try text(message.doc_string, "doc string of the model")
    model.metadata = try dictionary(message.n_metadata_props, message.metadata_props, "metadata of the model")
    model.functions = try messages(message.n_functions, message.functions).map { (each) throws(GraphError) in
      try function(each.pointee)
    }
    return model
  }

  private func function(_ message: Onnx__FunctionProto) throws(GraphError) -> Function {
    let name = try text(message.name, "name of a function")
    let what = "function \"\(name)\""
    guard !name.isEmpty else { throw .invalid("a function", "has no name") }
    return Function(
      name, domain: try text(message.domain, "domain of \(what)"),
      overload: try text(message.overload, "overload of \(what)"),
      inputs: try texts(message.n_input, message.input, "inputs of \(what)"),
      outputs: try texts(message.n_output, message.output, "outputs of \(what)"),
      attributeNames: try texts(message.n_attribute, message.attribute, "attributes of \(what)"),
      attributeDefaults: try attributes(message.n_attribute_proto, message.attribute_proto),
      nodes: try nodes(message.n_node, message.node).topologicallySorted(),
      opsetImports: try opsetImports(message.n_opset_import, message.opset_import, what),
      docString: try text(message.doc_string, "doc string of \(what)"))
  }

  private func checkVersion(_ version: Int64) throws(GraphError) {
    // The format only ever grows, and protobuf passes over what it does not know: one version ahead is still readable.
    let newest = Model.newestIRVersion + 1
    guard (1...newest).contains(version) else {
      throw .mismatch("IR version", expected: "1 to \(newest)", found: "\(version)")
    }
  }

  private func opsetImports(
    _ count: Int, _ fields: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__OperatorSetIdProto>?>?, _ what: String
  ) throws(GraphError) -> [String: Int64] {
    var opsets: [String: Int64] = [:]
    for each in messages(count, fields) {
      let name = try text(each.pointee.domain, "opset imports of \(what)")
      let domain = OpIdentifier("", domain: name).domain
      let version = each.pointee.version
      guard opsets.updateValue(version, forKey: domain) ?? version == version else {
        throw .invalid("opset imports of \(what)", "domain \"\(domain)\" is imported with two versions")
      }
      let readable = Model.readableOpsets
      guard domain != "" || readable.contains(version) else {
        throw .mismatch(
          "opset \(version) of \(what)", expected: "\(readable.lowerBound) ... \(readable.upperBound)",
          found: "\(version)",
          because: "this build reads those")
      }
    }
    return opsets
  }
}
