import COnnx
import OneiroGraph

/// Turns the graph's types into messages; the counterpart of `MessageReader`.
struct MessageBuilder {
  let arena = MessageArena()
  /// Where the memory of initializers was put, when not into the model file.
  var externalPlaces: [ObjectIdentifier: ExternalDataWriter.Place] = [:]

  func model(_ model: Model) throws(GraphError) -> UnsafeMutablePointer<Onnx__ModelProto> {
    let message = arena.make(onnx__model_proto__init)
    message.pointee.has_ir_version = 1
    message.pointee.ir_version = model.irVersion
    message.pointee.producer_name = arena.optionalText(model.producerName)
    message.pointee.producer_version = arena.optionalText(model.producerVersion)
    message.pointee.domain = arena.optionalText(model.domain)
    message.pointee.has_model_version = model.modelVersion == 0 ? 0 : 1
    message.pointee.model_version = model.modelVersion
    message.pointee.doc_string = arena.optionalText(model.docString)
    message.pointee.n_metadata_props = model.metadata.count
    message.pointee.metadata_props = arena.entries(model.metadata)
    var opsets = model.opsetImports
    // For the Cast nodes that stand for narrow tensors.
    if opsets[""] == nil && model.graph.widensTensors { opsets[""] = Model.canonicalOpset }
    message.pointee.n_opset_import = opsets.count
    message.pointee.opset_import = arena.references(opsetImports(opsets))
    let functions = try model.functions.map { (each) throws(GraphError) in try function(each) }
    message.pointee.n_functions = functions.count
    message.pointee.functions = arena.references(functions)
    message.pointee.graph = try graph(model.graph)
    return message
  }

  private func opsetImports(_ opsets: [String: Int64]) -> [UnsafeMutablePointer<Onnx__OperatorSetIdProto>] {
    opsets.sorted { $0.key < $1.key }.map { domain, version in
      let message = arena.make(onnx__operator_set_id_proto__init)
      message.pointee.domain = arena.text(domain)
      message.pointee.has_version = 1
      message.pointee.version = version
      return message
    }
  }

  private func function(_ function: Function) throws(GraphError) -> UnsafeMutablePointer<Onnx__FunctionProto> {
    let message = arena.make(onnx__function_proto__init)
    message.pointee.name = arena.text(function.op.opType)
    message.pointee.domain = arena.text(function.op.domain)
    message.pointee.overload = arena.optionalText(function.overload)
    message.pointee.n_input = function.inputs.count
    message.pointee.input = arena.texts(function.inputs)
    message.pointee.n_output = function.outputs.count
    message.pointee.output = arena.texts(function.outputs)
    message.pointee.n_attribute = function.attributeNames.count
    message.pointee.attribute = arena.texts(function.attributeNames)
    message.pointee.n_attribute_proto = function.attributeDefaults.count
    message.pointee.attribute_proto = arena.references(try attributes(function.attributeDefaults))
    let nodes = try function.nodes.map { (each) throws(GraphError) in try node(each) }
    message.pointee.n_node = nodes.count
    message.pointee.node = arena.references(nodes)
    message.pointee.n_opset_import = function.opsetImports.count
    message.pointee.opset_import = arena.references(opsetImports(function.opsetImports))
    message.pointee.doc_string = arena.optionalText(function.docString)
    return message
  }

  private func graph(_ graph: Graph) throws(GraphError) -> UnsafeMutablePointer<Onnx__GraphProto> {
    let graph = graph.withWideningAsNodes()
    let message = arena.make(onnx__graph_proto__init)
    message.pointee.name = arena.text(graph.name)
    message.pointee.doc_string = arena.optionalText(graph.docString)
    message.pointee.n_metadata_props = graph.metadata.count
    message.pointee.metadata_props = arena.entries(graph.metadata)
    let nodes = try graph.nodes.map { (each) throws(GraphError) in try node(each) }
    message.pointee.n_node = nodes.count
    message.pointee.node = arena.references(nodes)
    let inputs = graph.inputs.map(valueInfo), outputs = graph.outputs.map(valueInfo)
    message.pointee.n_input = inputs.count
    message.pointee.input = arena.references(inputs)
    message.pointee.n_output = outputs.count
    message.pointee.output = arena.references(outputs)
    let infos = graph.valueInfos.sorted { $0.key < $1.key }.map { valueInfo(ValueInfo($0.key, $0.value)) }
    message.pointee.n_value_info = infos.count
    message.pointee.value_info = arena.references(infos)
    let initializers = graph.orderedInitializers.map { name, tensor in
      // Where narrow elements lie, no float32 ones do.
      let place = tensor.isNarrow ? nil : tensor.storageIdentity.flatMap { externalPlaces[$0] }
      return self.tensor(tensor, name: name, place: place)
    }
    message.pointee.n_initializer = initializers.count
    message.pointee.initializer = arena.references(initializers)
    let sparse = graph.sparseInitializers.sorted { $0.key < $1.key }.map { sparseTensor($0.value, name: $0.key) }
    message.pointee.n_sparse_initializer = sparse.count
    message.pointee.sparse_initializer = arena.references(sparse)
    return message
  }

  private func node(_ node: Node) throws(GraphError) -> UnsafeMutablePointer<Onnx__NodeProto> {
    let message = arena.make(onnx__node_proto__init)
    message.pointee.name = arena.optionalText(node.name)
    message.pointee.op_type = arena.text(node.opType)
    message.pointee.domain = arena.optionalText(node.domain)
    message.pointee.overload = arena.optionalText(node.overload)
    message.pointee.n_input = node.inputs.count
    message.pointee.input = arena.texts(node.inputs)
    message.pointee.n_output = node.outputs.count
    message.pointee.output = arena.texts(node.outputs)
    message.pointee.n_attribute = node.attributes.count
    message.pointee.attribute = arena.references(try attributes(node.attributes))
    message.pointee.doc_string = arena.optionalText(node.docString)
    message.pointee.n_metadata_props = node.metadata.count
    message.pointee.metadata_props = arena.entries(node.metadata)
    return message
  }

  private func attributes(_ attributes: [String: Attribute]) throws(GraphError) -> [UnsafeMutablePointer<
    Onnx__AttributeProto
  >] {
    try attributes.sorted { $0.key < $1.key }.map { (entry) throws(GraphError) in try attribute(entry.key, entry.value)
    }
  }

  private func attribute(_ name: String, _ value: Attribute) throws(GraphError) -> UnsafeMutablePointer<
    Onnx__AttributeProto
  > {
    let pointer = arena.make(onnx__attribute_proto__init)
    var message = pointer.pointee
    message.name = arena.text(name)
    message.has_type = 1
    message.type = Onnx__AttributeProto__AttributeType(UInt32(value.kind.rawValue))
    switch value {
    case .float(let value): (message.has_f, message.f) = (1, value)
    case .int(let value): (message.has_i, message.i) = (1, value)
    case .string(let bytes): (message.has_s, message.s) = (1, arena.bytes(bytes))
    case .tensor(let value): message.t = tensor(value)
    case .graph(let value): message.g = try graph(value)
    case .sparseTensor(let value): message.sparse_tensor = sparseTensor(value)
    case .type(let value): message.tp = type(value)
    case .floats(let values): (message.n_floats, message.floats) = (values.count, arena.list(values))
    case .ints(let values): (message.n_ints, message.ints) = (values.count, arena.list(values))
    case .strings(let values):
      (message.n_strings, message.strings) = (values.count, arena.list(values.map(arena.bytes)))
    case .tensors(let values):
      (message.n_tensors, message.tensors) = (values.count, arena.references(values.map { tensor($0) }))
    case .graphs(let values):
      let graphs = try values.map { (each) throws(GraphError) in try graph(each) }
      (message.n_graphs, message.graphs) = (graphs.count, arena.references(graphs))
    case .sparseTensors(let values):
      (message.n_sparse_tensors, message.sparse_tensors) = (
        values.count, arena.references(values.map { sparseTensor($0) })
      )
    case .types(let values):
      (message.n_type_protos, message.type_protos) = (values.count, arena.references(values.map(type)))
    case .reference(let other, _): message.ref_attr_name = arena.text(other)
    }
    pointer.pointee = message
    return pointer
  }

  private func valueInfo(_ info: ValueInfo) -> UnsafeMutablePointer<Onnx__ValueInfoProto> {
    let message = arena.make(onnx__value_info_proto__init)
    message.pointee.name = arena.text(info.name)
    message.pointee.type = info.type.map(type)
    message.pointee.doc_string = arena.optionalText(info.docString)
    return message
  }
}

extension Tensor {
  /// The same for tensors that share their memory; `nil` for strings.
  var storageIdentity: ObjectIdentifier? {
    stored.map { ObjectIdentifier($0.storage) }
  }
}

extension Graph {
  /// The initializers in the order of the file, those that were added otherwise by name after them.
  public var orderedInitializers: [(name: String, tensor: Tensor)] {
    var seen: Set<String> = []
    let listed = initializerOrder.filter { initializers[$0] != nil && seen.insert($0).inserted }
    let others = initializers.keys.filter { !seen.contains($0) }.sorted()
    return (listed + others).map { ($0, initializers[$0]!) }
  }
}
