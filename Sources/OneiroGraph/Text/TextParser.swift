/// Parses models in ONNX's text. A recursive descent with a bound on its depth: types, and graphs in attributes, nest.
struct TextParser {
  var scanner: TextScanner
  private var depth = 0
  private static let greatestDepth = 64

  init(_ text: String) { scanner = TextScanner(text) }

  mutating func model() throws(GraphError) -> Model {
    var model = Model(graph: Graph(""), opsetImports: [:])
    model.producerName = ""
    if scanner.accept("<") {
      try entries(until: ">") { (parser, key) throws(GraphError) in
        switch key {
        case "ir_version": model.irVersion = try parser.scanner.integer()
        case "opset_import": model.opsetImports = try parser.opsets()
        case "producer_name": model.producerName = try parser.text()
        case "producer_version": model.producerVersion = try parser.text()
        case "domain": model.domain = try parser.text()
        case "model_version": model.modelVersion = try parser.scanner.integer()
        case "doc_string": model.docString = try parser.text()
        case "metadata_props": model.metadata = try parser.pairs()
        default: throw parser.scanner.unexpected("a field of a model instead of \"\(key)\"")
        }
      }
    }
    model.graph = try graph()
    while scanner.peek() != nil { model.functions.append(try function()) }
    return model
  }

  private mutating func function() throws(GraphError) -> Function {
    var domain = "", overload = "", docString = "", opsets: [String: Int64] = [:]
    if scanner.accept("<") {
      try entries(until: ">") { (parser, key) throws(GraphError) in
        switch key {
        case "opset_import": opsets = try parser.opsets()
        case "domain": domain = try parser.text()
        case "overload": overload = try parser.text()
        case "doc_string": docString = try parser.text()
        default: throw parser.scanner.unexpected("a field of a function instead of \"\(key)\"")
        }
      }
    }
    let name = try scanner.identifier("the name of a function")
    var names: [String] = [], defaults: [String: Attribute] = [:]
    if scanner.accept("<") {
      try list(until: ">") { (parser) throws(GraphError) in
        let attribute = try parser.scanner.identifier("the name of an attribute")
        if parser.scanner.peek(",") || parser.scanner.peek(">") {
          names.append(attribute)
        } else {
          defaults[attribute] = try parser.attributeValue()
        }
      }
    }
    let inputs = try parameterNames()
    try scanner.expect("=>")
    let outputs = try parameterNames()
    if scanner.accept("<") {
      // Types of values inside a function are only hints: they follow from each call.
      try list(until: ">") { (parser) throws(GraphError) in _ = try parser.valueInfo() }
    }
    return Function(
      name, domain: domain, overload: overload, inputs: inputs, outputs: outputs, attributeNames: names,
      attributeDefaults: defaults, nodes: try nodes(), opsetImports: opsets, docString: docString)
  }

  private mutating func parameterNames() throws(GraphError) -> [String] {
    var names: [String] = []
    try scanner.expect("(")
    try list(until: ")") { (parser) throws(GraphError) in names.append(try parser.valueInfo().name) }
    return names
  }

  mutating func graph() throws(GraphError) -> Graph {
    try nested { (parser) throws(GraphError) in
      var graph = Graph(try parser.scanner.identifier("the name of a graph"))
      try parser.scanner.expect("(")
      try parser.list(until: ")") { (parser) throws(GraphError) in
        let info = try parser.valueInfo()
        graph.inputs.append(info)
        if parser.scanner.accept("=") { try parser.initializer(info, of: &graph) }
      }
      try parser.scanner.expect("=>")
      try parser.scanner.expect("(")
      try parser.list(until: ")") { (parser) throws(GraphError) in graph.outputs.append(try parser.valueInfo()) }
      if parser.scanner.accept("<") {
        try parser.list(until: ">") { (parser) throws(GraphError) in
          let info = try parser.valueInfo()
          if parser.scanner.accept("=") {
            try parser.initializer(info, of: &graph)
          } else if let type = info.type {
            graph.valueInfos[info.name] = type
          }
        }
      }
      graph.nodes = try parser.nodes()
      return graph
    }
  }

  private mutating func initializer(_ info: ValueInfo, of graph: inout Graph) throws(GraphError) {
    guard graph.initializers[info.name] == nil, graph.sparseInitializers[info.name] == nil else {
      throw .invalid(scanner.place, "initializer \"\(info.name)\" is given twice")
    }
    switch info.type {
    case .tensor(let type): graph.addInitializer(info.name, try elements(of: type))
    case .sparseTensor(let type): graph.sparseInitializers[info.name] = try sparseElements(of: type)
    default:
      throw .mismatch(scanner.place, expected: "a tensor type before \"\(info.name)\"", found: "another type or none")
    }
  }

  private mutating func nodes() throws(GraphError) -> [Node] {
    var nodes: [Node] = []
    try scanner.expect("{")
    while !scanner.accept("}") { nodes.append(try node()) }
    return nodes
  }

  private mutating func node() throws(GraphError) -> Node {
    var name = ""
    if scanner.accept("[") {
      name = try scanner.identifier("the name of a node")
      try scanner.expect("]")
    }
    // "a, b = Op (...)", or "Op (...)" for a node without outputs: which one it is shows behind the names.
    let start = scanner.position
    var outputs = try valueNames(until: "=", "(", "<", ":", ".")
    if !scanner.accept("=") {
      outputs = []
      scanner.move(to: start)
    }
    var path = [try scanner.identifier("an operator")]
    while scanner.accept(".") { path.append(try scanner.identifier("an operator")) }
    let overload = scanner.accept(":") ? try scanner.identifier("an overload") : ""
    var attributes = try self.attributes()
    try scanner.expect("(")
    let inputs = try valueNames(until: ")")
    try scanner.expect(")")
    // The attributes may come last instead.
    if attributes.isEmpty { attributes = try self.attributes() }
    let opType = path.removeLast()
    return Node(
      opType, domain: path.joined(separator: "."), name: name, overload: overload, inputs: inputs, outputs: outputs,
      attributes: attributes)
  }

  /// Names with commas between; nothing, or empty quotes, is a value that is left out.
  private mutating func valueNames(until ends: Unicode.Scalar...) throws(GraphError) -> [String] {
    let isEnd = { (next: UInt8?) in ends.contains { UInt8(ascii: $0) == next } }
    if isEnd(scanner.peek()) { return [] }
    var names: [String] = []
    while true {
      names.append(scanner.peek(",") || isEnd(scanner.peek()) ? "" : try scanner.identifier("the name of a value"))
      if !scanner.accept(",") { return names }
    }
  }

  private mutating func attributes() throws(GraphError) -> [String: Attribute] {
    var attributes: [String: Attribute] = [:]
    guard scanner.accept("<") else { return attributes }
    try list(until: ">") { (parser) throws(GraphError) in
      let name = try parser.scanner.identifier("the name of an attribute")
      guard attributes.updateValue(try parser.attributeValue(), forKey: name) == nil else {
        throw .invalid(parser.scanner.place, "attribute \(name) is given twice")
      }
    }
    return attributes
  }

  // MARK: - Lists

  /// `key: value` pairs.
  private mutating func entries(
    until end: StaticString, _ entry: (inout TextParser, String) throws(GraphError) -> Void
  ) throws(GraphError) {
    try list(until: end) { (parser) throws(GraphError) in
      let key = try parser.scanner.identifier("a key")
      try parser.scanner.expect(":")
      try entry(&parser, key)
    }
  }

  /// Elements with commas between, the closing bracket included.
  mutating func list(
    until end: StaticString, _ element: (inout TextParser) throws(GraphError) -> Void
  ) throws(GraphError) {
    if scanner.accept(end) { return }
    while true {
      try element(&self)
      if scanner.accept(end) { return }
      guard scanner.accept(",") else { throw scanner.unexpected("\",\" or \"\(end)\"") }
    }
  }

  private mutating func opsets() throws(GraphError) -> [String: Int64] {
    var opsets: [String: Int64] = [:]
    try scanner.expect("[")
    try list(until: "]") { (parser) throws(GraphError) in
      let domain = OpIdentifier("", domain: try parser.text()).domain
      try parser.scanner.expect(":")
      opsets[domain] = try parser.scanner.integer()
    }
    return opsets
  }

  private mutating func pairs() throws(GraphError) -> [String: String] {
    var pairs: [String: String] = [:]
    try scanner.expect("[")
    try list(until: "]") { (parser) throws(GraphError) in
      let key = try parser.text()
      try parser.scanner.expect(":")
      pairs[key] = try parser.text()
    }
    return pairs
  }

  private mutating func text() throws(GraphError) -> String { String(decoding: try scanner.string(), as: UTF8.self) }

  /// Runs `body` one level deeper.
  mutating func nested<Result>(_ body: (inout TextParser) throws(GraphError) -> Result) throws(GraphError) -> Result {
    guard depth < Self.greatestDepth else {
      throw .invalid(scanner.place, "graphs or types lie more than \(Self.greatestDepth) deep inside each other")
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }
}
