import COnnx
import OneiroGraph

/// One value in a protobuf file, as ONNX keeps test data: a TensorProto, SequenceProto or OptionalProto. The file does
/// not say which it is; the type of the graph's input or output does.
public enum ValueFile {
  /// - type: what kind of value to expect; `nil` expects a tensor.
  public static func read(_ path: String, as type: ValueType? = nil) throws(GraphError) -> Value {
    try MappedFile(path).withBytes { (bytes) throws(GraphError) in try parse(bytes, name: path, as: type) }
  }

  public static func parse(
    _ bytes: UnsafeRawBufferPointer, name: String, as type: ValueType? = nil
  ) throws(GraphError) -> Value {
    let reader = MessageReader(externalData: nil)
    do {
      switch type {
      case .sequence(let element):
        return try withUnpackedMessage(bytes, name: name, onnx__sequence_proto__init) { (message) throws(GraphError) in
          try reader.sequence(message.pointee, of: element)
        }
      case .optional(let element):
        // An absent value can be a message without any field.
        if bytes.isEmpty { return .optional(nil, of: element) }
        return try withUnpackedMessage(bytes, name: name, onnx__optional_proto__init) { (message) throws(GraphError) in
          try reader.optional(message.pointee, of: element)
        }
      case .map:
        return try withUnpackedMessage(bytes, name: name, onnx__map_proto__init) { (message) throws(GraphError) in
          try reader.map(message.pointee)
        }
      case .tensor, .sparseTensor, nil:
        return try withUnpackedMessage(bytes, name: name, onnx__tensor_proto__init) { (message) throws(GraphError) in
          .tensor(try reader.tensor(message, "the tensor"))
        }
      }
    } catch {
      throw error.located(in: name)
    }
  }

  /// Writes a value so that `read` gives it back.
  public static func write(_ value: Value, to path: String, name: String = "") throws(GraphError) {
    try AtomicFile.write(try bytes(of: value, name: name), to: path)
  }

  public static func bytes(of value: Value, name: String = "") throws(GraphError) -> [UInt8] {
    let builder = MessageBuilder()
    var bytes: [UInt8] = []
    func pack<Message>(_ message: UnsafeMutablePointer<Message>) throws(GraphError) {
      try packMessage(message, name: name) { (part) throws(GraphError) in bytes.append(contentsOf: part) }
    }
    switch value {
    case .tensor(let tensor): try pack(builder.tensor(tensor, name: name))
    case .sequence(let elements, let type): try pack(builder.sequence(elements, of: type, name: name))
    case .optional(let element, let type): try pack(builder.optional(element, of: type, name: name))
    case .map(let entries): try pack(builder.map(entries, name: name))
    }
    return withExtendedLifetime(value) { withExtendedLifetime(builder.arena) { bytes } }
  }
}

extension MessageReader {
  func sequence(_ message: Onnx__SequenceProto, of element: ValueType) throws(GraphError) -> Value {
    var elements: [Value] = []
    for (index, each) in messages(message.n_tensor_values, message.tensor_values).enumerated() {
      elements.append(.tensor(try tensor(each, "element \(index) of the sequence")))
    }
    guard message.n_sparse_tensor_values == 0 else {
      throw .invalid("the sequence", "holds sparse tensors, which no operator takes")
    }
    for each in messages(message.n_sequence_values, message.sequence_values) {
      elements.append(try sequence(each.pointee, of: element.elementOfSequence))
    }
    for each in messages(message.n_map_values, message.map_values) { elements.append(try map(each.pointee)) }
    for each in messages(message.n_optional_values, message.optional_values) {
      elements.append(try optional(each.pointee, of: element.elementOfOptional))
    }
    return .sequence(elements, of: element)
  }

  func optional(_ message: Onnx__OptionalProto, of element: ValueType) throws(GraphError) -> Value {
    let value: Value? =
      if let tensor = message.tensor_value {
        .tensor(try self.tensor(tensor, "the optional's value"))
      } else if let sequence = message.sequence_value {
        try self.sequence(sequence.pointee, of: element.elementOfSequence)
      } else if let map = message.map_value { try self.map(map.pointee) } else if let optional = message.optional_value
      { try self.optional(optional.pointee, of: element.elementOfOptional) } else { nil }
    guard message.sparse_tensor_value == nil else {
      throw .invalid("the optional", "holds a sparse tensor, which no operator takes")
    }
    return .optional(value, of: element)
  }

  func map(_ message: Onnx__MapProto) throws(GraphError) -> Value {
    let keys: [Value.MapKey] =
      try numbers(message.n_string_keys, message.string_keys).map { (field) throws(GraphError) in
        guard let text = String(validating: bytes(of: field), as: UTF8.self) else {
          throw .mismatch("keys of the map", expected: "UTF-8", found: "\(field.len) bytes that are not")
        }
        return .string(text)
      } + numbers(message.n_keys, message.keys).map(Value.MapKey.int)
    guard let values = message.values,
      case .sequence(let elements, _) = try sequence(values.pointee, of: .tensor(.float32, nil)),
      elements.count == keys.count
    else {
      throw .mismatch("values of the map", expected: "one for each of \(keys.count) keys", found: "another count")
    }
    return .map(zip(keys, elements).map { (key: $0, value: $1) })
  }
}

extension ValueType {
  /// What a sequence of this type holds; the type itself where a file disagrees with the graph.
  fileprivate var elementOfSequence: ValueType { if case .sequence(let element) = self { element } else { self } }
  fileprivate var elementOfOptional: ValueType { if case .optional(let element) = self { element } else { self } }
}

extension MessageBuilder {
  // The numbers of SequenceProto.DataType and OptionalProto.DataType, which are the same.
  private func kind(of type: ValueType) -> Int32 {
    switch type {
    case .tensor: 1
    case .sparseTensor: 2
    case .sequence: 3
    case .map: 4
    case .optional: 5
    }
  }

  func sequence(_ elements: [Value], of type: ValueType, name: String = "") -> UnsafeMutablePointer<Onnx__SequenceProto>
  {
    var tensors: [UnsafeMutablePointer<Onnx__TensorProto>] = [],
      sequences: [UnsafeMutablePointer<Onnx__SequenceProto>] = []
    var maps: [UnsafeMutablePointer<Onnx__MapProto>] = [], optionals: [UnsafeMutablePointer<Onnx__OptionalProto>] = []
    for element in elements {
      switch element {
      case .tensor(let value): tensors.append(tensor(value))
      case .sequence(let values, let inner): sequences.append(sequence(values, of: inner))
      case .map(let entries): maps.append(map(entries))
      case .optional(let value, let inner): optionals.append(optional(value, of: inner))
      }
    }
    let pointer = arena.make(onnx__sequence_proto__init)
    var message = pointer.pointee
    message.name = arena.optionalText(name)
    (message.has_elem_type, message.elem_type) = (1, kind(of: type))
    (message.n_tensor_values, message.tensor_values) = (tensors.count, arena.references(tensors))
    (message.n_sequence_values, message.sequence_values) = (sequences.count, arena.references(sequences))
    (message.n_map_values, message.map_values) = (maps.count, arena.references(maps))
    (message.n_optional_values, message.optional_values) = (optionals.count, arena.references(optionals))
    pointer.pointee = message
    return pointer
  }

  func optional(_ value: Value?, of type: ValueType, name: String = "") -> UnsafeMutablePointer<Onnx__OptionalProto> {
    let message = arena.make(onnx__optional_proto__init)
    message.pointee.name = arena.optionalText(name)
    message.pointee.has_elem_type = 1
    message.pointee.elem_type = value == nil ? 0 : kind(of: type)
    switch value {
    case .tensor(let value): message.pointee.tensor_value = tensor(value)
    case .sequence(let values, let inner): message.pointee.sequence_value = sequence(values, of: inner)
    case .map(let entries): message.pointee.map_value = map(entries)
    case .optional(let value, let inner): message.pointee.optional_value = optional(value, of: inner)
    case nil: break
    }
    return message
  }

  func map(_ entries: [(key: Value.MapKey, value: Value)], name: String = "") -> UnsafeMutablePointer<Onnx__MapProto> {
    var ints: [Int64] = [], strings: [ProtobufCBinaryData] = []
    for entry in entries {
      switch entry.key {
      case .int(let key): ints.append(key)
      case .string(let key): strings.append(arena.bytes(Array(key.utf8)))
      }
    }
    let message = arena.make(onnx__map_proto__init)
    message.pointee.name = arena.optionalText(name)
    message.pointee.has_key_type = 1
    message.pointee.key_type = (strings.isEmpty ? ElementType.int64 : .string).rawValue
    message.pointee.n_keys = ints.count
    message.pointee.keys = arena.list(ints)
    message.pointee.n_string_keys = strings.count
    message.pointee.string_keys = arena.list(strings)
    message.pointee.values = sequence(entries.map(\.value), of: entries.first?.value.type ?? .tensor(.float32, nil))
    return message
  }
}
