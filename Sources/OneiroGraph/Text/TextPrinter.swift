/// Prints models as ONNX's text.
struct TextPrinter {
  let elideAbove: Int?
  /// Levels of bodies that are printed with their nodes; `nil` for all.
  let depth: Int?
  private(set) var text = ""
  private var indentation = ""
  private var level = 0

  init(elideAbove: Int?, depth: Int?) {
    self.elideAbove = elideAbove
    self.depth = depth
  }

  mutating func print(_ model: Model) {
    var entries = ["ir_version: \(model.irVersion)", "opset_import: [\(opsets(model.opsetImports))]"]
    if !model.producerName.isEmpty { entries.append("producer_name: \(GraphText.quoted(model.producerName))") }
    if !model.producerVersion.isEmpty { entries.append("producer_version: \(GraphText.quoted(model.producerVersion))") }
    if !model.domain.isEmpty { entries.append("domain: \(GraphText.quoted(model.domain))") }
    if model.modelVersion != 0 { entries.append("model_version: \(model.modelVersion)") }
    if !model.docString.isEmpty { entries.append("doc_string: \(GraphText.quoted(model.docString))") }
    if !model.metadata.isEmpty {
      let pairs = model.metadata.sorted { $0.key < $1.key }.map {
        "\(GraphText.quoted($0.key)): \(GraphText.quoted($0.value))"
      }
      entries.append("metadata_props: [\(pairs.joined(separator: ", "))]")
    }
    text += "<\n   \(entries.joined(separator: ",\n   "))\n>\n"
    print(model.graph)
    text += "\n"
    for function in model.functions { print(function) }
  }

  private func opsets(_ imports: [String: Int64]) -> String {
    imports.sorted { $0.key < $1.key }.map { "\(GraphText.quoted($0.key)) : \($0.value)" }.joined(separator: ", ")
  }

  private mutating func print(_ function: Function) {
    var entries = [
      "domain: \(GraphText.quoted(function.op.domain))", "opset_import: [\(opsets(function.opsetImports))]",
    ]
    if !function.overload.isEmpty { entries.append("overload: \(GraphText.quoted(function.overload))") }
    if !function.docString.isEmpty { entries.append("doc_string: \(GraphText.quoted(function.docString))") }
    text += "<\n   \(entries.joined(separator: ",\n   "))\n>\n\(identifier(function.op.opType))"
    let names = function.attributeNames.map(identifier)
    if !names.isEmpty || !function.attributeDefaults.isEmpty {
      text += " <"
      text += names.joined(separator: ", ")
      if !names.isEmpty && !function.attributeDefaults.isEmpty { text += ", " }
      print(function.attributeDefaults)
      text += ">"
    }
    text += " (\(function.inputs.map(identifier).joined(separator: ", ")))"
    text += " => (\(function.outputs.map(identifier).joined(separator: ", "))) "
    print(function.nodes)
    text += "\n"
  }

  private mutating func print(body: Graph) {
    level += 1
    if let depth, level > depth {
      text += "\(signature(body)) {...}"
    } else {
      print(body)
    }
    level -= 1
  }

  private func signature(_ graph: Graph) -> String {
    let inputs = graph.inputs.map(valueInfo).joined(separator: ", ")
    return "\(identifier(graph.name)) (\(inputs)) => (\(graph.outputs.map(valueInfo).joined(separator: ", ")))"
  }

  mutating func print(_ graph: Graph) {
    text += signature(graph)
    var order: [String] = [], seen: Set<String> = []
    for name in graph.initializerOrder + graph.initializers.keys.sorted() where graph.initializers[name] != nil {
      if seen.insert(name).inserted { order.append(name) }
    }
    var entries = order.map { name in
      let tensor = graph.initializers[name]!
      return "\(TensorType(tensor.elementType, dims: tensor.dims)) \(identifier(name)) = \(elements(tensor))"
    }
    entries += graph.sparseInitializers.sorted { $0.key < $1.key }.map { name, sparse in
      "\(sparseType(sparse)) \(identifier(name)) = \(sparseElements(sparse))"
    }
    entries += graph.valueInfos.sorted { $0.key < $1.key }.map { "\(type($0.value)) \(identifier($0.key))" }
    if entries.isEmpty {
      text += " "
    } else {
      text += "\n\(indentation)   <\(entries.joined(separator: ",\n\(indentation)    "))>\n\(indentation)"
    }
    print(graph.nodes)
  }

  /// One node in a line, without its name.
  mutating func print(_ node: Node) {
    var unnamed = node
    unnamed.name = ""
    print(line: unnamed)
    text.removeLast()
  }

  private mutating func print(_ nodes: [Node]) {
    text += "{\n"
    let outer = indentation
    indentation += "   "
    for node in nodes { print(line: node) }
    indentation = outer
    text += "\(indentation)}"
  }

  private mutating func print(line node: Node) {
    text += indentation
    if !node.name.isEmpty { text += "[\(identifier(node.name))] " }
    if !node.outputs.isEmpty { text += "\(node.outputs.map(identifier).joined(separator: ", ")) = " }
    let path =
      node.domain.isEmpty ? [] : node.domain.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    text += (path + [node.opType]).map(identifier).joined(separator: ".")
    if !node.overload.isEmpty { text += ":\(identifier(node.overload))" }
    if !node.attributes.isEmpty {
      text += " <"
      print(node.attributes)
      text += ">"
    }
    text += " (\(node.inputs.map(identifier).joined(separator: ", ")))\n"
  }

  private mutating func print(_ attributes: [String: Attribute]) {
    for (index, (name, value)) in attributes.sorted(by: { $0.key < $1.key }).enumerated() {
      let kind = GraphText.kindNames.first { $0.kind == value.kind }!.name
      text += "\(index > 0 ? ", " : "")\(identifier(name)): \(kind) = "
      print(value)
    }
  }

  private mutating func print(_ value: Attribute) {
    func list<Element>(_ elements: [Element], _ body: (Element) -> String) -> String {
      "[\(elements.map(body).joined(separator: ", "))]"
    }
    switch value {
    case .float(let value): text += "\(value)"
    case .int(let value): text += "\(value)"
    case .string(let bytes): text += string(bytes)
    case .tensor(let value): text += tensor(value)
    case .sparseTensor(let value): text += "\(sparseType(value)) \(sparseElements(value))"
    case .type(let value): text += type(value)
    case .floats(let values): text += list(values) { "\($0)" }
    case .ints(let values): text += list(values) { "\($0)" }
    case .strings(let values): text += list(values, string)
    case .tensors(let values): text += list(values, tensor)
    case .sparseTensors(let values): text += list(values) { "\(sparseType($0)) \(sparseElements($0))" }
    case .types(let values): text += list(values, type)
    case .reference(let name, _): text += "@\(identifier(name))"
    case .graph(let graph): print(body: graph)
    case .graphs(let graphs):
      text += "["
      for (index, graph) in graphs.enumerated() {
        if index > 0 { text += ", " }
        print(body: graph)
      }
      text += "]"
    }
  }

  private func identifier(_ name: String) -> String {
    GraphText.isPlainIdentifier(name) ? name : GraphText.quoted(name)
  }
  private func string(_ bytes: [UInt8]) -> String { GraphText.quoted(String(decoding: bytes, as: UTF8.self)) }

  private func valueInfo(_ info: ValueInfo) -> String {
    info.type.map { "\(type($0)) \(identifier(info.name))" } ?? identifier(info.name)
  }

  private func type(_ type: ValueType) -> String {
    switch type {
    case .tensor(let tensor): self.type(tensor)
    case .sparseTensor(let tensor): "sparse_tensor(\(self.type(tensor)))"
    case .sequence(let element): "seq(\(self.type(element)))"
    case .optional(let element): "optional(\(self.type(element)))"
    case .map(let key, let value): "map(\(key.name), \(self.type(value)))"
    }
  }

  /// As in messages, but with names of dimensions in quotes where they need some.
  private func type(_ type: TensorType) -> String {
    guard let shape = type.shape else { return "\(type.elementType.name)[]" }
    guard !shape.isEmpty else { return type.elementType.name }
    let dimensions = shape.map { dimension in
      if case .symbol(let name) = dimension { identifier(name) } else { dimension.description }
    }
    return "\(type.elementType.name)[\(dimensions.joined(separator: ","))]"
  }

  private func tensor(_ tensor: Tensor) -> String {
    "\(TensorType(tensor.elementType, dims: tensor.dims)) \(elements(tensor))"
  }

  private func sparseType(_ sparse: SparseTensor) -> String {
    "sparse_tensor(\(TensorType(sparse.values.elementType, dims: sparse.dims)))"
  }
  private func sparseElements(_ sparse: SparseTensor) -> String {
    "{\(tensor(sparse.values)), \(tensor(sparse.indices))}"
  }

  private func elements(_ tensor: Tensor) -> String {
    if let elideAbove, tensor.count > elideAbove { return "{...}" }
    func list<T: TensorElement>(_: T.Type) -> [String] { tensor.elements(of: T.self).map { "\($0)" } }
    /// Complex numbers: real and imaginary parts in turn.
    func parts<T>(_: T.Type) -> [String] { Array(tensor.bytes.bindMemory(to: T.self)).map { "\($0)" } }
    let words: [String] =
      switch tensor.elementType {
      case .string: tensor.strings.map(GraphText.quoted)
      case .float32: list(Float.self)
      case .float64: list(Double.self)
      case .uint64: list(UInt64.self)
      case .complex64: parts(Float.self)
      case .complex128: parts(Double.self)
      case .float16: tensor.elements(of: Float16.self).map { "\($0.bitPattern)" }
      case .bfloat16: tensor.elements(of: BFloat16.self).map { "\($0.bitPattern)" }
      default:
        MiniFloatFormat.of(tensor.elementType) == nil ? tensor.int64s().map { "\($0)" } : tensor.codes().map { "\($0)" }
      }
    return "{\(words.joined(separator: ","))}"
  }
}
