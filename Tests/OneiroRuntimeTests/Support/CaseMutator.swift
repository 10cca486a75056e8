import OneiroConformance
import OneiroGraph
import OneiroOps

/// Spoils nodes: wrong attributes, extents, types and numbers, mostly one at a time, so that what follows a check is
/// reached as well as the check.
struct CaseMutator {
  private var numbers: Numbers
  init(seed: UInt64) { numbers = Numbers(seed: seed) }

  private static let integers: [Int64] = [
    .min, .min + 1, -1 << 40, -5, -3, -2, -1, 0, 1, 2, 3, 4, 5, 8, 17, 1 << 31, 1 << 32, 1 << 40, 1 << 62, .max - 1,
    .max,
  ]
  private static let reals: [Double] = [
    .nan, .infinity, -.infinity, -1e300, -1, -0.5, 0, 1e-300, 0.5, 1, 2, 3, 1e9, 1e19, 1e300,
  ]
  private static let words = [
    "", "none", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", "nearest", "linear", "cubic", "reflect", "edge", "wrap",
    "constant", "bidirectional", "reverse", "forward", "tanh", "add", "mul", "sum", "mean", "asymmetric",
    "align_corners",
    "tf_crop_and_resize", "ij,jk->ik", "i->", "...", "Relu", "Affine",
  ]
  private static let extents = [0, 1, 2, 3, 5, 9]

  private mutating func pick<T>(_ choices: [T]) -> T { choices[numbers.int(0...choices.count - 1)] }
  private mutating func happens(_ chance: Double) -> Bool { numbers.unit() < chance }

  // MARK: A node out of nothing

  /// A node of `op` that keeps to the counts and kinds of the schema, and to little else.
  mutating func node(of op: any Operator.Type) -> (graph: Graph, inputs: [String: Tensor]) {
    let schema = op.schema
    var graph = Graph("case"), inputs: [String: Tensor] = [:], names: [String] = []
    for parameter in schema.inputs {
      var count = 1
      switch parameter.presence {
      case .required: break
      case .optional: count = happens(0.6) ? 1 : 0
      case .variadic(let least, _): count = numbers.int(least...least + 2)
      }
      guard count > 0 else {
        names.append("")
        continue
      }
      let types = schema.types[parameter.typeVariable]?.members ?? [.float32]
      for _ in 0..<count { names.append(add(tensor(of: pick(types)), to: &graph, &inputs)) }
    }
    while names.last == "" { names.removeLast() }
    var attributes: [String: Attribute] = [:]
    for attribute in schema.attributes where attribute.isRequired || happens(0.5) {
      attributes[attribute.name] = value(of: attribute.kind)
    }
    var outputCount = max(schema.outputs.count { $0.presence == .required }, 1)
    if happens(0.3) { outputCount = max(schema.outputs.count, 1) }
    let outputs = (0..<outputCount).map { "y\($0)" }
    graph.nodes = [
      Node(
        schema.op.opType, domain: schema.op.domain, name: "n", inputs: names, outputs: outputs, attributes: attributes)
    ]
    graph.outputs = outputs.map { ValueInfo($0, nil) }
    return (graph, inputs)
  }

  private mutating func add(_ tensor: Tensor, to graph: inout Graph, _ inputs: inout [String: Tensor]) -> String {
    let name = "x\(inputs.count + graph.initializers.count)"
    if happens(0.4) {
      graph.addInitializer(name, tensor)
    } else {
      graph.inputs.append(ValueInfo(name, .tensor(tensor.elementType, dims: tensor.dims)))
      inputs[name] = tensor
    }
    return name
  }

  private mutating func tensor(of type: ElementType) -> Tensor {
    tensor(of: type, (0..<numbers.int(0...4)).map { _ in pick(Self.extents) })
  }

  mutating func tensor(of type: ElementType, _ dims: [Int]) -> Tensor {
    let count = Tensor.elementCount(dims) ?? 0, type = [.complex64, .complex128].contains(type) ? .float32 : type
    if type == .string { return Tensor(strings: (0..<count).map { _ in pick(Self.words) }, dims: dims) }
    let wild = happens(0.2)
    guard type.isFloatingPoint else {
      let values = (0..<count).map { _ in wild ? pick(Self.integers) : Int64(numbers.int(-3...6)) }
      return Tensor(type, int64s: type == .bool ? values.map { $0 & 1 } : values, dims: dims)
    }
    return Tensor(type, doubles: (0..<count).map { _ in wild ? pick(Self.reals) : numbers.unit() * 4 - 2 }, dims: dims)
  }

  private mutating func value(of kind: Attribute.Kind) -> Attribute {
    switch kind {
    case .int: .int(happens(0.5) ? Int64(numbers.int(-2...4)) : pick(Self.integers))
    case .ints:
      .ints((0..<numbers.int(0...4)).map { _ in happens(0.8) ? Int64(numbers.int(-1...3)) : pick(Self.integers) })
    case .float: .float(Float(pick(Self.reals)))
    case .floats: .floats((0..<numbers.int(0...3)).map { _ in Float(pick(Self.reals)) })
    case .string: .string(pick(Self.words))
    case .strings: .strings((0..<numbers.int(0...3)).map { _ in Array(pick(Self.words).utf8) })
    case .tensor: .tensor(tensor(of: pick([.float32, .int64, .float64, .string])))
    case .graph:
      .graph(Graph("body", outputs: [ValueInfo("z", nil)], nodes: [Node("Identity", inputs: ["x0"], outputs: ["z"])]))
    case .type: .type(.tensor(.float32, dims: [2]))
    default: .int(0)
    }
  }

  // MARK: A good case, spoiled

  mutating func spoil(_ graph: inout Graph, _ inputs: inout [String: Tensor]) {
    for _ in 0..<numbers.int(1...2) {
      switch numbers.int(0...5) {
      case 0, 1: spoilAttribute(&graph)
      case 2: spoilShape(&graph, &inputs)
      case 3: spoilElements(&graph, &inputs)
      case 4: spoilType(&graph, &inputs)
      default: spoilInputs(&graph)
      }
    }
  }

  private mutating func spoilAttribute(_ graph: inout Graph) {
    guard let index = graph.nodes.indices.randomElement(using: &numbers) else { return }
    let schema = Operators.find(graph.nodes[index].op)?.schema
    guard let attribute = schema?.attributes.randomElement(using: &numbers) else { return }
    switch graph.nodes[index].attributes[attribute.name] {
    case .ints(var values) where !values.isEmpty && happens(0.7):
      values[numbers.int(0...values.count - 1)] = pick(Self.integers)
      graph.nodes[index].attributes[attribute.name] = .ints(values)
    case .graph: break
    default: graph.nodes[index].attributes[attribute.name] = happens(0.1) ? nil : value(of: attribute.kind)
    }
  }

  private mutating func change(
    _ graph: inout Graph, _ inputs: inout [String: Tensor], _ body: (inout CaseMutator, Tensor) -> Tensor
  ) {
    let names = (Array(inputs.keys) + graph.initializers.keys).sorted()
    guard let name = names.randomElement(using: &numbers) else { return }
    if let tensor = inputs[name] {
      let changed = body(&self, tensor)
      inputs[name] = changed
      for index in graph.inputs.indices where graph.inputs[index].name == name {
        graph.inputs[index].type = .tensor(changed.elementType, dims: changed.dims)
      }
    } else if let tensor = graph.initializers[name] {
      graph.addInitializer(name, body(&self, tensor))
    }
  }

  private mutating func spoilShape(_ graph: inout Graph, _ inputs: inout [String: Tensor]) {
    change(&graph, &inputs) { mutator, tensor in
      var dims = tensor.dims
      if dims.isEmpty || mutator.happens(0.2) {
        dims.insert(mutator.pick(Self.extents), at: mutator.numbers.int(0...dims.count))
      } else if mutator.happens(0.3) {
        dims.remove(at: mutator.numbers.int(0...dims.count - 1))
      } else {
        dims[mutator.numbers.int(0...dims.count - 1)] = mutator.pick(Self.extents)
      }
      guard tensor.count < 1 << 16, Tensor.elementCount(dims) ?? .max < 1 << 16 else { return tensor }
      return mutator.tensor(of: tensor.elementType, dims)
    }
  }

  private mutating func spoilElements(_ graph: inout Graph, _ inputs: inout [String: Tensor]) {
    change(&graph, &inputs) { mutator, tensor in
      guard tensor.count > 0, tensor.count < 1 << 16, tensor.elementType != .string else { return tensor }
      let place = mutator.numbers.int(0...tensor.count - 1)
      if tensor.elementType.isFloatingPoint {
        var values = tensor.doubles()
        values[place] = mutator.pick(Self.reals)
        return Tensor(tensor.elementType, doubles: values, dims: tensor.dims)
      }
      var values = tensor.int64s()
      values[place] = tensor.elementType == .bool ? 1 - values[place] : mutator.pick(Self.integers)
      return Tensor(tensor.elementType, int64s: values, dims: tensor.dims)
    }
  }

  private mutating func spoilType(_ graph: inout Graph, _ inputs: inout [String: Tensor]) {
    change(&graph, &inputs) { mutator, tensor in
      guard tensor.count < 1 << 16 else { return tensor }
      let types: [ElementType] = [
        .float32, .float64, .float16, .bfloat16, .int8, .uint8, .int32, .int64, .uint64, .bool, .string,
      ]
      return mutator.tensor(of: mutator.pick(types), tensor.dims)
    }
  }

  private mutating func spoilInputs(_ graph: inout Graph) {
    guard let index = graph.nodes.indices.randomElement(using: &numbers), !graph.nodes[index].inputs.isEmpty else {
      return
    }
    let last = graph.nodes[index].inputs.count - 1, place = numbers.int(0...last)
    switch numbers.int(0...2) {
    case 0: graph.nodes[index].inputs[place] = ""
    case 1: graph.nodes[index].inputs.removeLast()
    default: graph.nodes[index].inputs.swapAt(place, numbers.int(0...last))
    }
  }
}

extension Numbers: RandomNumberGenerator {}
