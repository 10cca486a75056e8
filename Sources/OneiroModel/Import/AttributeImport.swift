import COnnx
import OneiroGraph

extension MessageReader {
  /// The attributes of a node or a function, by name.
  func attributes(
    _ count: Int, _ fields: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__AttributeProto>?>?
  ) throws(GraphError) -> [String: Attribute] {
    var attributes: [String: Attribute] = [:]
    for message in messages(count, fields) {
      let name = try text(message.pointee.name, "name of an attribute")
      guard !name.isEmpty else { throw .invalid("an attribute", "has no name") }
      let value = try attribute(message.pointee, "attribute \(name)")
      guard attributes.updateValue(value, forKey: name) == nil else {
        throw .invalid("attribute \(name)", "is given twice")
      }
    }
    return attributes
  }

  private func attribute(_ message: Onnx__AttributeProto, _ what: String) throws(GraphError) -> Attribute {
    let kind = try kind(message, what)
    let reference = try text(message.ref_attr_name, what)
    if !reference.isEmpty { return .reference(reference, kind: kind) }
    switch kind {
    // A writer that leaves out zeros (proto3) leaves out these fields when they are zero or empty.
    case .float: return .float(message.f)
    case .int: return .int(message.i)
    case .string: return .string(bytes(of: message.s))
    case .tensor: return .tensor(try tensor(try present(message.t, kind, what), what))
    case .graph: return .graph(try graph(try present(message.g, kind, what).pointee))
    case .sparseTensor:
      return .sparseTensor(try sparseTensor(try present(message.sparse_tensor, kind, what).pointee, what))
    case .type: return .type(try present(try type(try present(message.tp, kind, what), what), kind, what))
    case .floats: return .floats(Array(numbers(message.n_floats, message.floats)))
    case .ints: return .ints(Array(numbers(message.n_ints, message.ints)))
    case .strings: return .strings(numbers(message.n_strings, message.strings).map(bytes(of:)))
    case .tensors:
      return .tensors(
        try messages(message.n_tensors, message.tensors).map { (each) throws(GraphError) in try tensor(each, what) })
    case .graphs:
      return .graphs(
        try messages(message.n_graphs, message.graphs).map { (each) throws(GraphError) in try graph(each.pointee) })
    case .sparseTensors:
      return .sparseTensors(
        try messages(message.n_sparse_tensors, message.sparse_tensors).map { (each) throws(GraphError) in
          try sparseTensor(each.pointee, what)
        })
    case .types:
      return .types(
        try messages(message.n_type_protos, message.type_protos).map { (each) throws(GraphError) in
          try present(try type(each, what), kind, what)
        })
    }
  }

  private func present<Value>(_ value: Value?, _ kind: Attribute.Kind, _ what: String) throws(GraphError) -> Value {
    guard let value else { throw .mismatch(what, expected: "a value of kind \(kind)", found: "none") }
    return value
  }

  /// The kind that the message states; where an old file does not, that of the only value there is.
  private func kind(_ message: Onnx__AttributeProto, _ what: String) throws(GraphError) -> Attribute.Kind {
    let fields: [(Attribute.Kind, Bool)] = [
      (.float, message.has_f != 0), (.int, message.has_i != 0), (.string, message.has_s != 0),
      (.tensor, message.t != nil), (.graph, message.g != nil), (.sparseTensor, message.sparse_tensor != nil),
      (.type, message.tp != nil), (.floats, message.n_floats > 0), (.ints, message.n_ints > 0),
      (.strings, message.n_strings > 0), (.tensors, message.n_tensors > 0), (.graphs, message.n_graphs > 0),
      (.sparseTensors, message.n_sparse_tensors > 0), (.types, message.n_type_protos > 0),
    ]
    let found = fields.filter(\.1).map(\.0)
    let number = Int32(truncatingIfNeeded: message.type.rawValue)
    guard number != 0 else {
      guard found.count == 1 else {
        throw .mismatch(
          what, expected: "a type, or one value that tells it", found: found.isEmpty ? "neither" : "\(found)")
      }
      return found[0]
    }
    guard let kind = Attribute.Kind(rawValue: number) else {
      throw .mismatch(what, expected: "a type from 1 to 14", found: "\(number)")
    }
    if let other = found.first(where: { $0 != kind }) {
      throw .mismatch(
        what, expected: "a value of kind \(kind)", found: "one of kind \(other)", because: "that is its type")
    }
    return kind
  }
}
