import OneiroGraph
import OneiroModel

/// Writes the weights of one graph in the forms that were chosen for its layers, and changes the graph to match.
public struct GraphQuantizer {
  private let graph: Graph
  private let choices: [LayerChoice]
  private let activations: [String: ActivationQuantization]

  /// - choices: for layers of `graph`.
  /// - activations: for the values that layers of scheme `w8a8` read.
  /// - Throws: when one of those is missing.
  public init(
    _ graph: Graph, _ choices: [LayerChoice], activations: [String: ActivationQuantization] = [:]
  ) throws(GraphError) {
    let choices = SharedWeights.settled(choices)
    for choice in choices where choice.scheme.needsCalibration && activations[choice.layer.activation] == nil {
      throw .mismatch(
        node: choice.layer.node, "activation \"\(choice.layer.activation)\"", expected: "a range from calibration",
        found: "none")
    }
    self.graph = graph
    self.choices = choices
    self.activations = activations
  }

  /// One tensor at a time is in memory.
  /// - progress: is told of the bytes of each initializer that is done.
  public func write(
    to stream: consuming WeightStream, progress: (_ byteCount: Int) -> Void = { _ in }
  ) throws(GraphError) -> QuantizedGraph {
    let forms = WeightForm.all(choices)
    let read = namesReadAsFloat
    var names = FreshNames(graph.allNames)
    var result = graph
    result.initializerOrder = []
    var places: [(name: String, index: Int)] = []
    var weights: [String: WrittenWeight] = [:]
    var dequantizers: [Node] = []
    for (name, tensor) in graph.orderedInitializers {
      if let form = forms[name] {
        let written = try Self.write(tensor, name: name, form, &stream, &names)
        places += written.places
        result.initializers[name] = nil
        result.initializerOrder += written.places.map(\.name)
        if let node = written.dequantizer, read.contains(name) { dequantizers.append(node) }
        weights[name] = written
        // Pages of a mapped file that only passed by.
        tensor.stored?.storage.setAside()
      } else {
        try stream.keep(tensor)
        result.initializerOrder.append(name)
      }
      progress(tensor.storedByteCount)
    }
    for body in graph.nodes.flatMap(\.bodies) {
      for tensor in body.graph.allInitializers { try stream.keep(tensor) }
    }
    let written = try stream.finish()
    for (name, index) in places { result.initializers[name] = written.tensors[index] }
    let choices = choices.map { choice in
      // A layer whose weight stays as it is stays so itself.
      guard let weight = weights[choice.layer.weight], let reason = weight.reason else { return choice }
      return choice.kept(because: reason, isOutOfRange: weight.isOutOfRange)
    }
    var rewriting = NodeRewriting(activations, weights, names)
    let byNode = Dictionary(choices.map { ($0.layer.index, $0) }, uniquingKeysWith: { first, _ in first })
    result.nodes = dequantizers + graph.nodes.enumerated().flatMap { rewriting.nodes(for: $1, byNode[$0]) }
    for (name, tensor) in rewriting.initializers { result.addInitializer(name, tensor) }
    let layers = choices.map { choice in
      LayerResult(
        choice, before: graph.initializers[choice.layer.weight], weights[choice.layer.weight],
        activations[choice.layer.activation])
    }
    return QuantizedGraph(graph: result, weights: written, layers: layers)
  }

  /// Values that are read as float32 by some node: all but weights of products of integers.
  private var namesReadAsFloat: Set<String> {
    var names = Set(graph.outputs.map(\.name))
    let integers = Dictionary(
      choices.filter { $0.scheme == .w8a8Dynamic }.map { ($0.layer.index, $0.layer.weightInput) },
      uniquingKeysWith: { first, _ in first })
    for (index, node) in graph.nodes.enumerated() {
      for (input, name) in node.inputs.enumerated() where integers[index] != input { names.insert(name) }
      for body in node.bodies { names.formUnion(body.graph.capturedNames) }
    }
    return names
  }

  private static func write(
    _ tensor: Tensor, name: String, _ form: WeightForm, _ stream: inout WeightStream, _ names: inout FreshNames
  ) throws(GraphError) -> WrittenWeight {
    func kept(_ reason: String, isOutOfRange: Bool) throws(GraphError) -> WrittenWeight {
      WrittenWeight(
        places: [(name, try stream.append(tensor))], byteCount: tensor.storedByteCount, reason: reason,
        isOutOfRange: isOutOfRange)
    }
    if form == .half, tensor.isNarrow { return try kept("16 bits already", isOutOfRange: false) }
    let reduced = try form.reduced(tensor, name: name)
    if let fault = WeightRange.fault(tensor, name: name, form, reduced.noise) {
      return try kept(fault, isOutOfRange: true)
    }
    return WrittenWeight(
      reduced, of: name, at: try reduced.tensors.map { (part) throws(GraphError) in try stream.append(part) }, &names)
  }
}

/// A graph with its weights on disk.
public struct QuantizedGraph: Sendable {
  public let graph: Graph
  public let weights: WrittenWeights
  /// In the order of the choices.
  public let layers: [LayerResult]
}
