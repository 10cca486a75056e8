import OneiroGraph

/// What the operators share whose attributes are graphs.
extension InferenceContext {
  func body(_ name: String, inputCount: Int? = nil, atLeastOutputs outputCount: Int = 0) throws(GraphError) -> Graph {
    try checking("attribute \(name)", try Bodies.graph(attributes, name, inputCount, outputCount))
  }

  /// The types of a body's outputs when `carried` of them go back into its inputs, between `before` and `after`, time
  /// and again: what changes from one round to the next is not known.
  /// - Returns: the carried types, and those of the remaining outputs, which follow the first `skipping` and the
  ///   carried.
  func inferRepeated(
    _ body: Graph, before: [ValueType?], carried initial: [ValueType?], after: [ValueType?] = [], skipping: Int
  ) throws(GraphError) -> (carried: [ValueType?], others: [ValueType?]) {
    var carried = initial
    // A round can only make a type vaguer, one step an axis at least; shapes of a rank past 16 are given up at once.
    for round in 0..<18 {
      let outputs = try inferBody(body, before + carried + after)
      var next: [ValueType?] = []
      for (index, (old, new)) in zip(carried, outputs.dropFirst(skipping)).enumerated() {
        guard let old, let new else { next.append(old ?? new); continue }
        guard let merged = old.merged(with: round < 17 ? new : new.withoutShape) else {
          throw fails("the body", "takes carried value \(index) as \(old) and gives it back as \(new)")
        }
        next.append(merged)
      }
      if next == carried { return (carried, Array(outputs.dropFirst(skipping + carried.count))) }
      carried = next
    }
    return (
      carried.map { $0?.withoutShape }, body.outputs.dropFirst(skipping + carried.count).map { $0.type?.withoutShape }
    )
  }

  /// Types that an operator has to state: an error where a body leaves one open.
  func stated(_ types: [ValueType?]) throws(GraphError) -> [ValueType] {
    var result: [ValueType] = []
    for (index, type) in types.enumerated() {
      guard let type else {
        throw fails("output \(index)", "has no type: the body states none and none can be inferred")
      }
      result.append(type)
    }
    return result
  }
}

extension KernelCall {
  func body(_ name: String, inputCount: Int? = nil, atLeastOutputs outputCount: Int = 0) throws(KernelError) -> Graph {
    try Bodies.graph(attributes, name, inputCount, outputCount)
  }

  /// Runs a body and sees that it gives a value for each of its outputs.
  func run(_ body: Graph, _ inputs: [Value]) throws(KernelError) -> [Value] {
    let outputs = try runBody(body, inputs)
    guard outputs.count == body.outputs.count else {
      throw fails("the body gave \(outputs.count) values, expected \(body.outputs.count)")
    }
    return outputs
  }

  /// The only element of a bool tensor.
  func condition(_ value: Value) throws(KernelError) -> Bool {
    guard let tensor = value.tensor, tensor.elementType == .bool, tensor.count == 1 else {
      throw fails("the condition: expected one bool, found \(value.type)")
    }
    return tensor.int64s() != [0]
  }
}

enum Bodies {
  static func graph(
    _ attributes: NodeAttributes, _ name: String, _ inputCount: Int?, _ outputCount: Int
  ) throws(KernelError) -> Graph {
    guard let graph = attributes.graph(name) else { throw KernelError("\(name): expected a graph") }
    if let inputCount, graph.inputs.count != inputCount {
      throw KernelError("\(name): expected a graph with \(inputCount) inputs, found \(graph.inputs.count)")
    }
    guard graph.outputs.count >= outputCount else {
      throw KernelError("\(name): expected a graph with at least \(outputCount) outputs, found \(graph.outputs.count)")
    }
    return graph
  }

  /// What all rounds gave for one output, stacked along a new axis.
  /// - declared: what the body states of one round, for the case that there was none.
  static func stack(_ rounds: [Tensor], axis: Int, declared: ValueType?) throws(KernelError) -> Tensor {
    if !rounds.isEmpty { return try Tensor.stacking(rounds, axis: axis) }
    guard let type = declared?.tensorType else {
      throw KernelError("the body never ran and states no tensor type for an output that is stacked")
    }
    var dims = (type.shape ?? []).map { $0.extent ?? 0 }
    dims.insert(0, at: try Shape.axis(axis, rank: dims.count + 1))
    return .empty(type.elementType, dims: dims)
  }
}

extension Tensor {
  /// Tensors of one shape along a new axis.
  static func stacking(_ tensors: [Tensor], axis: Int) throws(KernelError) -> Tensor {
    let axis = try Shape.axis(axis, rank: (tensors.first?.rank ?? 0) + 1)
    var widened: [Tensor] = []
    for tensor in tensors {
      var dims = tensor.dims
      guard axis <= dims.count else {
        throw KernelError("a tensor of shape \(Shape.text(dims)) has no place \(axis) for an axis")
      }
      dims.insert(1, at: axis)
      widened.append(tensor.reshaped(dims))
    }
    return try concatenating(widened, axis: axis)
  }
}

extension ValueType {
  /// What is known of a value that is of one type or the other; `nil` when no type covers both.
  func merged(with other: ValueType) -> ValueType? {
    switch (self, other) {
    case (.tensor(let a), .tensor(let b)), (.sparseTensor(let a), .sparseTensor(let b)):
      guard a.elementType == b.elementType else { return nil }
      var type = a
      if let first = a.shape, let second = b.shape, first.count == second.count {
        type.shape = zip(first, second).map { $0 == $1 ? $0 : .unknown }
      } else {
        type.shape = nil
      }
      if case .tensor = self { return .tensor(type) }
      return .sparseTensor(type)
    case (.sequence(let a), .sequence(let b)): return a.merged(with: b).map(ValueType.sequence)
    case (.optional(let a), .optional(let b)): return a.merged(with: b).map(ValueType.optional)
    // A loop may start with an optional and carry on with what takes its place.
    case (.optional(let a), _): return a.merged(with: other).map(ValueType.optional)
    case (.map, .map): return self == other ? self : nil
    default: return nil
    }
  }

  var withoutShape: ValueType {
    switch self {
    case .tensor(let type): .tensor(type.elementType, nil)
    case .sparseTensor(let type): .sparseTensor(TensorType(type.elementType, nil))
    case .sequence(let element): .sequence(element.withoutShape)
    case .optional(let element): .optional(element.withoutShape)
    case .map: self
    }
  }
}
