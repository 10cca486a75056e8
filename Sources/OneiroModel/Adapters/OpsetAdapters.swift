import OneiroGraph

/// Brings graphs of older opsets to `Model.canonicalOpset`, so that one meaning of each operator is enough everywhere
/// else.
public enum OpsetAdapters {
  /// In the order of the opsets: a node passes through every change since its own.
  static let all: [OpsetAdapter] =
    ([
      padName, splitInput, concatAxis, reshape, castName, selu, tile, batchNormalizationTest, dropoutTest,
      gemmBroadcast,
      parametricRelu, upsampleAxes, scan, upsampleScales, upsample, batchNormalizationSpatial,
      batchNormalizationTraining,
      dropoutMask, dropoutRatio, slice, topK, clip, pad, resizeCoordinates, resizeSizes, scatter, splitSizes,
      splitCount,
      squeeze, unsqueeze, roiAlign, gridSample, discreteFourierTransform, groupNormalization,
    ] + consumedInputs + limitedBroadcasts + norms + recurrences + rowwise + reductions).sorted { $0.to < $1.to }

  private static let byOp: [OpIdentifier: [OpsetAdapter]] = Dictionary(grouping: all, by: \.op)

  /// The opset of the last change that an adapter makes up for; `nil` for an operator that has none.
  public static func newestChange(of op: OpIdentifier) -> Int64? { byOp[op]?.map(\.to).max() }

  /// Brings a whole model, its functions included, to the canonical opset.
  public static func normalise(_ model: inout Model) throws(GraphError) {
    try normalise(&model.graph, from: model.opsetImports[""] ?? Model.canonicalOpset)
    for index in model.functions.indices { try normalise(&model.functions[index]) }
    if model.opsetImports[""] != nil { model.opsetImports[""] = Model.canonicalOpset }
  }

  /// - from: the version of ai.onnx that the graph means. Nodes of other domains stay as they are, and so does a graph
  ///   of the canonical opset or a newer one.
  public static func normalise(_ graph: inout Graph, from: Int64) throws(GraphError) {
    guard from < Model.canonicalOpset else { return }
    var used: Set<String> = []
    collectNames(graph, &used)
    var context = AdapterContext(used: used)
    try normalise(&graph, from: from, &context)
  }

  /// The same for the body of a function, from the opset that the function itself imports. It has no initializers, so
  /// that constants become nodes.
  public static func normalise(_ function: inout Function) throws(GraphError) {
    guard let from = function.opsetImports[""], from < Model.canonicalOpset else { return }
    var used = Set(function.inputs + function.outputs)
    collectNames(function.nodes, &used)
    var context = AdapterContext(used: used)
    let nodes = try adapted(function.nodes, from: from, &context)
    function.nodes =
      context.scope.constants.map {
        Node("Constant", inputs: [], outputs: [$0.name], attributes: ["value": .tensor($0.value)])
      } + nodes
    function.opsetImports[""] = Model.canonicalOpset
  }

  private static func normalise(_ graph: inout Graph, from: Int64, _ context: inout AdapterContext) throws(GraphError) {
    let outer = context.scope
    context.scope.constants = []
    context.scope.types.merge(graph.valueInfos) { $1 }
    for info in graph.inputs + graph.outputs where info.type != nil { context.scope.types[info.name] = info.type }
    for (name, tensor) in graph.initializers {
      context.scope.types[name] = .tensor(tensor.elementType, dims: tensor.dims)
    }
    graph.nodes = try adapted(graph.nodes, from: from, &context)
    for (name, value) in context.scope.constants { graph.addInitializer(name, value) }
    context.scope = outer
  }

  private static func adapted(_ nodes: [Node], from: Int64, _ context: inout AdapterContext) throws(GraphError)
    -> [Node]
  {
    var result: [Node] = []
    result.reserveCapacity(nodes.count)
    for node in nodes {
      var inner = node
      // In the order of the names, so that new names come out the same every time.
      for (name, attribute) in node.attributes.sorted(by: { $0.key < $1.key }) {
        switch attribute {
        case .graph(var body):
          try normalise(&body, from: from, &context)
          inner.attributes[name] = .graph(body)
        case .graphs(var bodies):
          for index in bodies.indices { try normalise(&bodies[index], from: from, &context) }
          inner.attributes[name] = .graphs(bodies)
        default: break
        }
      }
      result += try adapted(inner, from: from, &context)
    }
    return result
  }

  /// One node through all changes of its operator; a change may turn it into another operator, which goes on from
  /// there.
  private static func adapted(_ node: Node, from: Int64, _ context: inout AdapterContext) throws(GraphError) -> [Node] {
    guard let adapter = byOp[node.op]?.first(where: { $0.to > from && $0.to <= Model.canonicalOpset }) else {
      return [node]
    }
    let earlier = context.helpers.count
    let nodes = try adapter.adapt(node, &context)
    var result = Array(context.helpers[earlier...])
    context.helpers.removeSubrange(earlier...)
    for next in nodes { result += try adapted(next, from: adapter.to, &context) }
    return result
  }

  private static func collectNames(_ graph: Graph, _ names: inout Set<String>) {
    names.formUnion((graph.inputs + graph.outputs).map(\.name))
    names.formUnion(graph.initializers.keys)
    names.formUnion(graph.sparseInitializers.keys)
    collectNames(graph.nodes, &names)
  }

  private static func collectNames(_ nodes: [Node], _ names: inout Set<String>) {
    for node in nodes {
      names.formUnion(node.inputs)
      names.formUnion(node.outputs)
      for body in node.bodies { collectNames(body.graph, &names) }
    }
  }
}
