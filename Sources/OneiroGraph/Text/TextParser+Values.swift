/// Types, tensors and attribute values of the text syntax.
extension TextParser {
  /// `float[N] X`, or a name alone.
  mutating func valueInfo() throws(GraphError) -> ValueInfo {
    let start = scanner.position
    let isQuoted = scanner.peek("\"")
    let word = try scanner.identifier("a type or the name of a value")
    let startsType =
      !isQuoted && (ElementType(name: word) != nil || ["seq", "optional", "map", "sparse_tensor"].contains(word))
    // A value can have the name of a type: then no name follows.
    guard startsType, let next = scanner.peek(), !",)>=".utf8.contains(next) else { return ValueInfo(word, nil) }
    scanner.move(to: start)
    let type = try type()
    return ValueInfo(try scanner.identifier("the name of a value"), type)
  }

  mutating func type() throws(GraphError) -> ValueType {
    try nested { (parser) throws(GraphError) in
      let start = parser.scanner.position
      guard let word = parser.scanner.acceptWord() else { throw parser.scanner.unexpected("a type") }
      switch word {
      case "seq": return .sequence(try parser.innerType())
      case "optional": return .optional(try parser.innerType())
      case "sparse_tensor":
        guard case .tensor(let tensor) = try parser.innerType() else {
          throw .mismatch(
            parser.scanner.place, expected: "the type of a tensor in a sparse tensor", found: "another type")
        }
        return .sparseTensor(tensor)
      case "map":
        try parser.scanner.expect("(")
        let key = try parser.elementType()
        try parser.scanner.expect(",")
        let value = try parser.type()
        try parser.scanner.expect(")")
        return .map(key: key, value: value)
      default:
        parser.scanner.move(to: start)
        return .tensor(try parser.tensorType())
      }
    }
  }

  private mutating func innerType() throws(GraphError) -> ValueType {
    try scanner.expect("(")
    let type = try type()
    try scanner.expect(")")
    return type
  }

  private mutating func elementType() throws(GraphError) -> ElementType {
    _ = scanner.peek()
    let start = scanner.position
    guard let word = scanner.acceptWord(), let type = ElementType(name: word) else {
      scanner.move(to: start)
      throw scanner.unexpected("an element type")
    }
    return type
  }

  /// `float` is a scalar, `float[]` has no known rank.
  mutating func tensorType() throws(GraphError) -> TensorType {
    let type = try elementType()
    guard scanner.accept("[") else { return TensorType(type, []) }
    if scanner.accept("]") { return TensorType(type, nil) }
    var shape: [Dimension] = []
    try list(until: "]") { (parser) throws(GraphError) in
      if parser.scanner.accept("?") {
        shape.append(.unknown)
      } else if let next = parser.scanner.peek(), TextScanner.isDigit(next) {
        shape.append(.known(Int(try parser.scanner.integer())))
      } else {
        shape.append(.symbol(try parser.scanner.identifier("an extent, a name or \"?\"")))
      }
    }
    return TensorType(type, shape)
  }

  // MARK: - Tensors

  /// `{1.0, 2.0}`
  mutating func elements(of type: TensorType) throws(GraphError) -> Tensor {
    guard let dims = type.dims, let count = Tensor.elementCount(dims), type.elementType.byteCount(of: count) != nil
    else {
      throw .mismatch(scanner.place, expected: "a type with known extents before elements", found: "\(type)")
    }
    try scanner.expect("{")
    if scanner.accept("...") { throw .invalid(scanner.place, "the elements were left out when this text was printed") }
    let start = scanner.position
    let element = type.elementType
    let partCount = element.isComplex ? 2 * count : count
    func check(_ found: Int) throws(GraphError) {
      guard found == partCount else {
        throw .mismatch(scanner.place(at: start), expected: "\(partCount) elements of \(type)", found: "\(found)")
      }
    }
    if element == .string {
      var strings: [String] = []
      try list(until: "}") { (parser) throws(GraphError) in
        strings.append(String(decoding: try parser.scanner.string(), as: UTF8.self))
      }
      try check(strings.count)
      return Tensor(strings: strings, dims: dims)
    }
    switch element {
    case .float32, .complex64:
      let values = try numbers { Float($0) }
      try check(values.count)
      return Tensor(element, dims: dims, storage: Tensor(values, dims: [values.count]).plainStorage)
    case .float64, .complex128:
      let values = try numbers { Double($0) }
      try check(values.count)
      return Tensor(element, dims: dims, storage: Tensor(values, dims: [values.count]).plainStorage)
    case .uint64:
      let values = try numbers { UInt64($0) }
      try check(values.count)
      return Tensor(values, dims: dims)
    default:
      let range = Self.range(of: element)
      let values = try numbers { Int64($0).flatMap { range.contains($0) ? $0 : nil } }
      try check(values.count)
      if MiniFloatFormat.of(element) != nil {
        return Tensor(element, codes: values.map { UInt8(truncatingIfNeeded: $0) }, dims: dims)
      }
      switch element {
      case .float16: return Tensor(values.map { Float16(bitPattern: UInt16($0)) }, dims: dims)
      case .bfloat16: return Tensor(values.map { BFloat16(bitPattern: UInt16($0)) }, dims: dims)
      default: return Tensor(element, int64s: values, dims: dims)
      }
    }
  }

  /// The numbers that an element is written as: its own, or the bits of a narrow float.
  private static func range(of type: ElementType) -> ClosedRange<Int64> {
    if type == .bool { return 0...1 }
    let width = Int64(type.bitWidth)
    if type.isSignedInteger { return width == 64 ? .min ... .max : -(1 << (width - 1))...(1 << (width - 1)) - 1 }
    return 0...(1 << width) - 1
  }

  private mutating func numbers<Number>(_ convert: (String) -> Number?) throws(GraphError) -> [Number] {
    var values: [Number] = []
    try list(until: "}") { (parser) throws(GraphError) in
      _ = parser.scanner.peek()
      let start = parser.scanner.position
      let word = try parser.scanner.number()
      guard let value = convert(word) else {
        parser.scanner.move(to: start)
        throw .mismatch(parser.scanner.place, expected: "an element of that type", found: word)
      }
      values.append(value)
    }
    return values
  }

  /// `{float[2] {1.0,2.0}, int64[2] {0,8}}`: values and indices.
  mutating func sparseElements(of type: TensorType) throws(GraphError) -> SparseTensor {
    guard let dims = type.dims, Tensor.elementCount(dims) != nil else {
      throw .mismatch(scanner.place, expected: "a type with known extents before elements", found: "\(type)")
    }
    try scanner.expect("{")
    let values = try elements(of: try tensorType())
    try scanner.expect(",")
    let indices = try elements(of: try tensorType())
    try scanner.expect("}")
    let fits =
      values.rank == 1 && values.elementType == type.elementType && indices.elementType == .int64
      && [[values.count], [values.count, dims.count]].contains(indices.dims)
    guard fits else {
      throw .mismatch(
        scanner.place, expected: "values and indices of \(type)",
        found:
          "\(TensorType(values.elementType, dims: values.dims)) and \(TensorType(indices.elementType, dims: indices.dims))"
      )
    }
    return SparseTensor(values: values, indices: indices, dims: dims)
  }

  // MARK: - Attributes

  /// What follows an attribute's name: `= 1`, `: ints = []`, `: int = @alpha`.
  mutating func attributeValue() throws(GraphError) -> Attribute {
    var kind: Attribute.Kind?
    if scanner.accept(":") {
      _ = scanner.peek()
      let start = scanner.position
      let word = scanner.acceptWord() ?? ""
      kind = GraphText.kindNames.first { $0.name == word }?.kind
      if kind == nil {
        scanner.move(to: start)
        throw scanner.unexpected("a kind of attribute")
      }
    }
    try scanner.expect("=")
    if scanner.accept("@") {
      guard let kind else {
        throw .invalid(scanner.place, "a reference to an attribute needs a kind: \"name: int = @other\"")
      }
      return .reference(try scanner.identifier("the name of an attribute"), kind: kind)
    }
    guard scanner.peek("[") else { return try single(kind) }
    if let kind, kind.element == nil { throw scanner.unexpected("a value of kind \(kind)") }
    _ = scanner.accept("[")
    var elements: [Attribute] = []
    try list(until: "]") { (parser) throws(GraphError) in
      elements.append(try parser.single(kind?.element))
    }
    // Without a kind, one float makes a list of floats.
    let isFloats = elements.contains { $0.kind == .float }
    guard let elementKind = kind?.element ?? (isFloats ? .float : elements.first?.kind) else {
      throw .invalid(scanner.place, "an empty list needs a kind: \"name: ints = []\"")
    }
    return try joined(elements, elementKind)
  }

  private mutating func single(_ kind: Attribute.Kind?) throws(GraphError) -> Attribute {
    guard let next = scanner.peek() else { throw scanner.unexpected("a value") }
    let start = scanner.position
    let value: Attribute
    if next == UInt8(ascii: "\"") && kind != .graph {
      value = .string(try scanner.string())
    } else if kind != .graph, let number = try? scannedNumber(next) {
      value = number
    } else if kind == .graph || !startsType() {
      value = .graph(try graph())
    } else {
      value = try typeOrTensor(kind)
    }
    if kind == .float, case .int(let int) = value { return .float(Float(int)) }
    guard kind == nil || value.kind == kind else {
      throw .mismatch(
        scanner.place(at: start), expected: "a value of kind \(kind!)", found: "one of kind \(value.kind)")
    }
    return value
  }

  private mutating func scannedNumber(_ next: UInt8) throws(GraphError) -> Attribute {
    let start = scanner.position
    let word = try scanner.number()
    // "nan" or "inf" could also begin a graph of that name.
    if !TextScanner.isDigit(next), TextScanner.isWord(next), scanner.peek("(") {
      scanner.move(to: start)
      throw scanner.unexpected("a number")
    }
    if let int = Int64(word) { return .int(int) }
    return .float(Float(word) ?? Float(Double(word) ?? .nan))
  }

  /// Whether a type comes next, and not a graph that happens to have the name of one.
  private mutating func startsType() -> Bool {
    let start = scanner.position
    defer { scanner.move(to: start) }
    guard let word = scanner.acceptWord() else { return false }
    if ElementType(name: word) != nil { return !scanner.peek("(") }
    return ["seq", "optional", "map", "sparse_tensor"].contains(word)
  }

  /// A type, with elements behind it a tensor; a tensor may have a name, which nothing refers to.
  private mutating func typeOrTensor(_ kind: Attribute.Kind?) throws(GraphError) -> Attribute {
    let type = try type()
    guard kind != .type else { return .type(type) }
    if !scanner.peek("{"), kind == .tensor { _ = try scanner.identifier("elements") }
    guard scanner.peek("{") else { return .type(type) }
    switch type {
    case .tensor(let tensor): return .tensor(try elements(of: tensor))
    case .sparseTensor(let tensor): return .sparseTensor(try sparseElements(of: tensor))
    default: throw .mismatch(scanner.place, expected: "the type of a tensor before elements", found: "\(type)")
    }
  }

  private func joined(_ elements: [Attribute], _ kind: Attribute.Kind) throws(GraphError) -> Attribute {
    var floats: [Float] = [], ints: [Int64] = [], strings: [[UInt8]] = [], tensors: [Tensor] = [], graphs: [Graph] = []
    var sparseTensors: [SparseTensor] = [], types: [ValueType] = []
    for element in elements {
      switch (kind, element) {
      case (.float, .float(let value)): floats.append(value)
      case (.float, .int(let value)): floats.append(Float(value))
      case (.int, .int(let value)): ints.append(value)
      case (.string, .string(let value)): strings.append(value)
      case (.tensor, .tensor(let value)): tensors.append(value)
      case (.graph, .graph(let value)): graphs.append(value)
      case (.sparseTensor, .sparseTensor(let value)): sparseTensors.append(value)
      case (.type, .type(let value)): types.append(value)
      default:
        throw .mismatch(scanner.place, expected: "a list of kind \(kind)", found: "an element of kind \(element.kind)")
      }
    }
    switch kind {
    case .float: return .floats(floats)
    case .int: return .ints(ints)
    case .string: return .strings(strings)
    case .tensor: return .tensors(tensors)
    case .graph: return .graphs(graphs)
    case .sparseTensor: return .sparseTensors(sparseTensors)
    default: return .types(types)
    }
  }
}

extension Attribute.Kind {
  /// The kind of a list's elements; `nil` for the kind of a single value.
  fileprivate var element: Attribute.Kind? {
    switch self {
    case .floats: .float
    case .ints: .int
    case .strings: .string
    case .tensors: .tensor
    case .graphs: .graph
    case .sparseTensors: .sparseTensor
    case .types: .type
    default: nil
    }
  }
}

extension Tensor {
  fileprivate var plainStorage: ByteStorage {
    guard let storage else { preconditionFailure("strings have no plain memory") }
    return storage
  }
}
