import COnnx
import OneiroGraph

extension MessageReader {
  /// The graph with its nodes in topological order, whatever their order in the file.
  func graph(_ message: Onnx__GraphProto) throws(GraphError) -> Graph {
    var graph = Graph(try text(message.name, "name of a graph"))
    graph.docString = try text(message.doc_string, "doc string of graph \"\(graph.name)\"")
    graph.metadata = try dictionary(
      message.n_metadata_props, message.metadata_props, "metadata of graph \"\(graph.name)\"")
    graph.inputs = try messages(message.n_input, message.input).map { (each) throws(GraphError) in
      try valueInfo(each.pointee, "input")
    }
    graph.outputs = try messages(message.n_output, message.output).map { (each) throws(GraphError) in
      try valueInfo(each.pointee, "output")
    }
    for each in messages(message.n_value_info, message.value_info) {
      let info = try valueInfo(each.pointee, "value")
      if let type = info.type { graph.valueInfos[info.name] = type }
    }
    for each in messages(message.n_initializer, message.initializer) {
      let name = try text(each.pointee.name, "name of an initializer")
      guard !name.isEmpty else { throw .invalid("an initializer of graph \"\(graph.name)\"", "has no name") }
      guard graph.initializers[name] == nil else { throw .invalid("initializer \"\(name)\"", "is given twice") }
      graph.addInitializer(name, try tensor(each, "initializer \"\(name)\""))
    }
    for each in messages(message.n_sparse_initializer, message.sparse_initializer) {
      let name = try text(each.pointee.values?.pointee.name, "name of a sparse initializer")
      guard !name.isEmpty else { throw .invalid("a sparse initializer of graph \"\(graph.name)\"", "has no name") }
      guard graph.initializers[name] == nil, graph.sparseInitializers[name] == nil else {
        throw .invalid("sparse initializer \"\(name)\"", "is given twice")
      }
      graph.sparseInitializers[name] = try sparseTensor(each.pointee, "sparse initializer \"\(name)\"")
    }
    graph.nodes = try nodes(message.n_node, message.node).topologicallySorted()
    return graph
  }

  func nodes(
    _ count: Int, _ fields: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__NodeProto>?>?
  ) throws(GraphError) -> [Node] {
    try messages(count, fields).map { (each) throws(GraphError) in try node(each.pointee) }
  }

  private func node(_ message: Onnx__NodeProto) throws(GraphError) -> Node {
    let name = try text(message.name, "name of a node")
    var node = Node(
      try text(message.op_type, "op type of node \"\(name)\""),
      domain: try text(message.domain, "domain of node \"\(name)\""),
      name: name, overload: try text(message.overload, "overload of node \"\(name)\""),
      inputs: try texts(message.n_input, message.input, "inputs of node \"\(name)\""),
      outputs: try texts(message.n_output, message.output, "outputs of node \"\(name)\""))
    guard !node.opType.isEmpty else { throw .invalid(node: node, nil, "has no op type") }
    do {
      node.docString = try text(message.doc_string, "doc string")
      node.metadata = try dictionary(message.n_metadata_props, message.metadata_props, "metadata")
      node.attributes = try attributes(message.n_attribute, message.attribute)
    } catch {
      // An error in a body names the body's node already.
      throw error.node == nil ? GraphError(node: node, subject: error.subject, error.problem) : error
    }
    return node
  }
}
