/// Models as JSON, for other programs: the same contents as `GraphText` prints, without the elements of large tensors.
public enum GraphJSON {
  /// - elideAbove: tensors of more elements are given by type alone; `nil` for all elements.
  /// - depth: levels of bodies that are given with their nodes; `nil` for all.
  public static func document(_ model: Model, elideAbove: Int? = nil, depth: Int? = nil) -> JSONValue {
    let writer = GraphJSONWriter(elideAbove: elideAbove, depth: depth)
    return .object([
      ("ir_version", .int(model.irVersion)),
      ("producer_name", .string(model.producerName)),
      ("producer_version", .string(model.producerVersion)),
      ("opset_import", writer.opsets(model.opsetImports)),
      ("metadata_props", writer.texts(model.metadata)),
      ("graph", writer.graph(model.graph, level: 0)),
      ("functions", .array(model.functions.map(writer.function))),
    ])
  }
}

private struct GraphJSONWriter {
  let elideAbove: Int?
  let depth: Int?

  func opsets(_ imports: [String: Int64]) -> JSONValue {
    .object(imports.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) })
  }

  func texts(_ pairs: [String: String]) -> JSONValue {
    .object(pairs.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
  }

  /// A body past `depth` has a null for its nodes and constants.
  func graph(_ graph: Graph, level: Int) -> JSONValue {
    let isElided = depth.map { level > $0 } ?? false
    let initializers = graph.initializers.sorted { $0.key < $1.key }.map { name, tensor in
      JSONValue.object([("name", .string(name))] + self.tensor(tensor))
    }
    let sparse = graph.sparseInitializers.sorted { $0.key < $1.key }.map { name, tensor in
      JSONValue.object([("name", .string(name))] + self.sparse(tensor))
    }
    return .object([
      ("name", .string(graph.name)),
      ("inputs", .array(graph.inputs.map { value($0.name, $0.type) })),
      ("outputs", .array(graph.outputs.map { value($0.name, $0.type) })),
      ("initializers", isElided ? .null : .array(initializers + sparse)),
      (
        "values", isElided ? .null : .array(graph.valueInfos.sorted { $0.key < $1.key }.map { value($0.key, $0.value) })
      ),
      ("nodes", isElided ? .null : .array(graph.nodes.map { node($0, level: level) })),
    ])
  }

  func function(_ function: Function) -> JSONValue {
    .object([
      ("name", .string(function.op.opType)),
      ("domain", .string(function.op.domain)),
      ("overload", .string(function.overload)),
      ("opset_import", opsets(function.opsetImports)),
      ("inputs", .array(function.inputs.map(JSONValue.string))),
      ("outputs", .array(function.outputs.map(JSONValue.string))),
      ("attributes", .array(function.attributeNames.map(JSONValue.string))),
      ("attribute_defaults", attributes(function.attributeDefaults, level: 0)),
      ("nodes", .array(function.nodes.map { node($0, level: 0) })),
    ])
  }

  private func value(_ name: String, _ type: ValueType?) -> JSONValue {
    var members: [(key: String, value: JSONValue)] = [("name", .string(name)), ("type", .optional(type?.description))]
    if let tensor = type?.tensorType { members += tensor.jsonMembers }
    return .object(members)
  }

  private func node(_ node: Node, level: Int) -> JSONValue {
    var members: [(key: String, value: JSONValue)] = [
      ("name", .string(node.name)), ("op", .string(node.opType)), ("domain", .string(node.domain)),
    ]
    if !node.overload.isEmpty { members.append(("overload", .string(node.overload))) }
    members += [
      ("inputs", .array(node.inputs.map(JSONValue.string))),
      ("outputs", .array(node.outputs.map(JSONValue.string))),
      ("attributes", attributes(node.attributes, level: level)),
    ]
    return .object(members)
  }

  private func attributes(_ attributes: [String: Attribute], level: Int) -> JSONValue {
    .object(attributes.sorted { $0.key < $1.key }.map { ($0.key, attribute($0.value, level: level)) })
  }

  private func attribute(_ value: Attribute, level: Int) -> JSONValue {
    switch value {
    case .float(let value): float(value)
    case .int(let value): .int(value)
    case .string(let bytes): string(bytes)
    case .tensor(let value): .object(tensor(value))
    case .sparseTensor(let value): .object(sparse(value))
    case .type(let value): .string(value.description)
    case .graph(let value): graph(value, level: level + 1)
    case .floats(let values): .array(values.map(float))
    case .ints(let values): .array(values.map { .int($0) })
    case .strings(let values): .array(values.map(string))
    case .tensors(let values): .array(values.map { .object(tensor($0)) })
    case .sparseTensors(let values): .array(values.map { .object(sparse($0)) })
    case .types(let values): .array(values.map { .string($0.description) })
    case .graphs(let values): .array(values.map { graph($0, level: level + 1) })
    case .reference(let name, _): .object([("reference", .string(name))])
    }
  }

  private func string(_ bytes: [UInt8]) -> JSONValue { .string(String(decoding: bytes, as: UTF8.self)) }
  private func float(_ value: Float) -> JSONValue { value.isFinite ? .literal("\(value)") : .string("\(value)") }

  private func tensor(_ tensor: Tensor) -> [(key: String, value: JSONValue)] {
    let type = TensorType(tensor.elementType, dims: tensor.dims)
    var members: [(key: String, value: JSONValue)] = [("type", .string("\(type)"))] + type.jsonMembers
    members.append(("bytes", .int(tensor.storedByteCount)))
    if elideAbove.map({ tensor.count <= $0 }) ?? true { members.append(("elements", elements(tensor))) }
    return members
  }

  private func sparse(_ sparse: SparseTensor) -> [(key: String, value: JSONValue)] {
    let type = TensorType(sparse.values.elementType, dims: sparse.dims)
    return [
      ("type", .string("sparse_tensor(\(type))")), ("values", .object(tensor(sparse.values))),
      ("indices", .object(tensor(sparse.indices))),
    ]
  }

  private func elements(_ tensor: Tensor) -> JSONValue {
    switch tensor.elementType {
    case .string: .array(tensor.strings.map(JSONValue.string))
    case .float32: .array(tensor.elements(of: Float.self).map(float))
    case .uint64: .array(tensor.elements(of: UInt64.self).map { .literal("\($0)") })
    // Complex numbers: real and imaginary parts in turn.
    case .complex64: .array(Array(tensor.bytes.bindMemory(to: Float.self)).map(float))
    case .complex128: .array(Array(tensor.bytes.bindMemory(to: Double.self)).map(JSONValue.number))
    case let type where type.isFloatingPoint: .array(tensor.doubles().map(JSONValue.number))
    default: .array(tensor.int64s().map { .int($0) })
    }
  }
}

extension TensorType {
  /// `element_type` and `shape`: a number, a name or null an axis; null for an unknown rank.
  public var jsonMembers: [(key: String, value: JSONValue)] {
    let axes = shape.map { axes in
      JSONValue.array(
        axes.map { axis in
          switch axis {
          case .known(let extent): .int(extent)
          case .symbol(let name): .string(name)
          case .unknown: .null
          }
        })
    }
    return [("element_type", .string(elementType.name)), ("shape", axes ?? .null)]
  }
}
