import OneiroGraph
import OneiroModel
import Testing

/// Graphs of older opsets, and what they look like once they are brought to the canonical one.
@Suite struct OpsetAdapterTests {
  /// One node with float inputs [2,3,4], normalised from opset `opset`.
  private func normalised(_ node: Node, from opset: Int64, rank: Int? = 3) throws -> Graph {
    let dims = [2, 3, 4, 5].prefix(rank ?? 0).map(Dimension.known)
    var graph = Graph(
      "test",
      inputs: node.inputs.filter { !$0.isEmpty }.map { ValueInfo($0, .tensor(.float32, rank == nil ? nil : dims)) },
      outputs: node.outputs.map { ValueInfo($0, nil) }, nodes: [node])
    try OpsetAdapters.normalise(&graph, from: opset)
    return graph
  }

  private func constant(_ graph: Graph, _ node: Int = 0, input: Int) -> Tensor? {
    graph.initializers[graph.nodes[node].inputs[input]]
  }

  @Test(arguments: [("ReduceMean", Int64(17)), ("ReduceSum", 12), ("Squeeze", 11), ("Unsqueeze", 7)])
  func axesBecomeAnInput(opType: String, opset: Int64) throws {
    let node = Node(opType, inputs: ["x"], outputs: ["y"], attributes: ["axes": .ints([1, -1])])
    let graph = try normalised(node, from: opset)
    #expect(graph.nodes.count == 1)
    #expect(graph.nodes[0].attributes.isEmpty)
    #expect(constant(graph, input: 1)?.int64s() == [1, -1])
    #expect(constant(graph, input: 1)?.dims == [2])
  }

  @Test func axesStayAnAttributeNowhere() throws {
    // ReduceSum 13 has the input already.
    let graph = try normalised(Node("ReduceSum", inputs: ["x", "axes"], outputs: ["y"]), from: 13)
    #expect(graph.nodes[0].inputs == ["x", "axes"])
    #expect(graph.initializers.isEmpty)
  }

  @Test func newNamesDoNotHideOldOnes() throws {
    let taken = Node("Squeeze", name: "s", inputs: ["s/axes"], outputs: ["y"], attributes: ["axes": .ints([0])])
    let graph = try normalised(taken, from: 11)
    #expect(graph.nodes[0].inputs == ["s/axes", "s/axes_2"])
  }

  @Test func softmaxOverTheLastAxisNeedsNoHelpers() throws {
    let graph = try normalised(Node("Softmax", inputs: ["x"], outputs: ["y"], attributes: ["axis": .int(2)]), from: 11)
    #expect(graph.nodes.map(\.opType) == ["Softmax"])
    guard case .int(-1) = graph.nodes[0].attributes["axis"] else { Issue.record("axis is not -1"); return }
  }

  @Test(arguments: ["Softmax", "LogSoftmax", "Hardmax"])
  func rowsOfSeveralAxesAreFlattened(opType: String) throws {
    // The default axis was 1, and the input has three.
    let graph = try normalised(Node(opType, inputs: ["x"], outputs: ["y"]), from: 11)
    #expect(graph.nodes.map(\.opType) == ["Shape", "Flatten", opType, "Reshape"])
    #expect(graph.nodes[3].outputs == ["y"])
    #expect(graph.nodes[2].inputs == graph.nodes[1].outputs)
  }

  @Test func clipLimitsBecomeInputsOfTheDataType() throws {
    let node = Node("Clip", inputs: ["x"], outputs: ["y"], attributes: ["max": .float(6)])
    let graph = try normalised(node, from: 7)
    #expect(graph.nodes[0].inputs[1] == "")
    #expect(constant(graph, input: 2)?.doubles() == [6])
    #expect(constant(graph, input: 2)?.dims == [])
  }

  @Test func clipOfAnUnknownTypeCastsItsLimit() throws {
    var graph = Graph(
      "test",
      nodes: [
        Node("Relu", inputs: ["x"], outputs: ["r"]),
        Node("Clip", inputs: ["r"], outputs: ["y"], attributes: ["min": .float(0.5)]),
      ])
    try OpsetAdapters.normalise(&graph, from: 9)
    #expect(graph.nodes.map(\.opType) == ["Relu", "CastLike", "Clip"])
    #expect(graph.nodes[1].inputs[1] == "r")
    #expect(graph.nodes[2].inputs == ["r", graph.nodes[1].outputs[0]])
  }

  @Test func padAndSliceBoundsBecomeInputs() throws {
    let pad = try normalised(
      Node("Pad", inputs: ["x"], outputs: ["y"], attributes: ["pads": .ints([0, 0, 1, 0, 0, 1]), "value": .float(2)]),
      from: 10)
    #expect(constant(pad, input: 1)?.int64s() == [0, 0, 1, 0, 0, 1])
    #expect(constant(pad, input: 2)?.doubles() == [2])
    let slice = try normalised(
      Node(
        "Slice", inputs: ["x"], outputs: ["y"],
        attributes: ["starts": .ints([1]), "ends": .ints([3]), "axes": .ints([2])]),
      from: 9)
    #expect((1...3).map { constant(slice, input: $0)?.int64s() } == [[1], [3], [2]])
    #expect(throws: GraphError.self) { try normalised(Node("Slice", inputs: ["x"], outputs: ["y"]), from: 9) }
  }

  @Test func topKIsAVectorOfOne() throws {
    let graph = try normalised(Node("TopK", inputs: ["x"], outputs: ["v", "i"], attributes: ["k": .int(3)]), from: 9)
    #expect(constant(graph, input: 1)?.dims == [1])
    #expect(constant(graph, input: 1)?.int64s() == [3])
  }

  @Test func upsampleBecomesResize() throws {
    let graph = try normalised(
      Node(
        "Upsample", inputs: ["x"], outputs: ["y"],
        attributes: ["scales": .floats([1, 1, 2]), "mode": .string("nearest")]),
      from: 7)
    #expect(graph.nodes.map(\.opType) == ["Resize"])
    #expect(graph.nodes[0].inputs[1] == "")
    #expect(constant(graph, input: 2)?.doubles() == [1, 1, 2])
    #expect(Set(graph.nodes[0].attributes.keys) == ["mode", "coordinate_transformation_mode", "nearest_mode"])
  }

  @Test func resizeBySizesLeavesScalesOut() throws {
    let graph = try normalised(Node("Resize", inputs: ["x", "roi", "scales", "sizes"], outputs: ["y"]), from: 11)
    #expect(graph.nodes[0].inputs == ["x", "roi", "", "sizes"])
  }

  @Test func splitSizesAndCount() throws {
    let sized = try normalised(
      Node("Split", inputs: ["x"], outputs: ["a", "b"], attributes: ["axis": .int(1), "split": .ints([1, 2])]), from: 11
    )
    #expect(constant(sized, input: 1)?.int64s() == [1, 2])
    #expect(sized.nodes[0].attributes["num_outputs"] == nil)
    let counted = try normalised(Node("Split", inputs: ["x"], outputs: ["a", "b"]), from: 13)
    guard case .int(2) = counted.nodes[0].attributes["num_outputs"] else { Issue.record("outputs not counted"); return }
  }

  @Test func batchNormalizationTrainsWhenMoreIsAsked() throws {
    let inputs = ["x", "s", "b", "m", "v"]
    let inference = try normalised(Node("BatchNormalization", inputs: inputs, outputs: ["y"]), from: 9)
    #expect(inference.nodes[0].attributes["training_mode"] == nil)
    let training = try normalised(Node("BatchNormalization", inputs: inputs, outputs: ["y", "rm", "rv"]), from: 9)
    guard case .int(1) = training.nodes[0].attributes["training_mode"] else { Issue.record("not training"); return }
    let positions = try normalised(
      Node("BatchNormalization", inputs: inputs, outputs: ["y"], attributes: ["spatial": .int(0)]), from: 7)
    #expect(positions.nodes.map(\.opType).suffix(2) == ["BatchNormalization", "Reshape"])
  }

  /// A graph of float inputs of the given ranks, each axis of extent 2.
  private func normalised(_ node: Node, from opset: Int64, ranks: [Int?]) throws -> Graph {
    var graph = Graph(
      "test",
      inputs: zip(node.inputs, ranks).map { name, rank in
        ValueInfo(name, .tensor(.float32, rank.map { [Dimension](repeating: .known(2), count: $0) }))
      }, outputs: node.outputs.map { ValueInfo($0, nil) }, nodes: [node])
    try OpsetAdapters.normalise(&graph, from: opset)
    return graph
  }

  @Test(arguments: ["Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Less", "Greater"])
  func limitedBroadcastsAlignTheirAxes(opType: String) throws {
    let attributes: [String: Attribute] = ["broadcast": .int(1), "axis": .int(1), "consumed_inputs": .ints([0, 0])]
    let node = Node(opType, inputs: ["a", "b"], outputs: ["y"], attributes: attributes)
    let graph = try normalised(node, from: opType == "Pow" ? 6 : 5, ranks: [4, 1])
    #expect(graph.nodes.map(\.opType) == ["Unsqueeze", opType])
    #expect(constant(graph, input: 1)?.int64s() == [1, 2])
    #expect(graph.nodes[1].inputs == ["a", graph.nodes[0].outputs[0]])
    #expect(graph.nodes[1].attributes["axis"] == nil && graph.nodes[1].attributes["broadcast"] == nil)
  }

  @Test("Axes count from the end too, and need no help where they match there", arguments: [(-2, 1), (2, 0), (-1, 0)])
  func alignmentAtTheEnd(axis: Int64, unsqueezes: Int) throws {
    let node = Node(
      "Add", inputs: ["a", "b"], outputs: ["y"], attributes: ["broadcast": .int(1), "axis": .int(axis)])
    #expect(try normalised(node, from: 6, ranks: [3, 1]).nodes.count == 1 + unsqueezes)
    #expect(throws: GraphError.self) {
      var off = node
      off.attributes["axis"] = .int(axis < 0 ? -4 : 4)
      _ = try normalised(off, from: 6, ranks: [3, 1])
    }
  }

  @Test func ranksThatAreNotStatedAreComputed() throws {
    let node = Node("Mul", inputs: ["a", "b"], outputs: ["y"], attributes: ["broadcast": .int(1), "axis": .int(1)])
    let graph = try normalised(node, from: 6, ranks: [nil, 1])
    #expect(graph.nodes.suffix(3).map(\.opType) == ["Concat", "Reshape", "Mul"])
    // The slope of PRelu belongs to the channels.
    let slope = try normalised(Node("PRelu", inputs: ["x", "slope"], outputs: ["y"]), from: 6, ranks: [4, 1])
    #expect(slope.nodes.map(\.opType) == ["Unsqueeze", "PRelu"])
  }

  @Test(
    "Attributes that only old opsets have are dropped",
    arguments: [
      ("Relu", Int64(5), "consumed_inputs", Attribute.ints([0])), ("Gemm", 6, "broadcast", .int(1)),
      ("LSTM", 6, "output_sequence", .int(1)), ("Dropout", 6, "is_test", .int(1)),
      ("BatchNormalization", 6, "is_test", .int(1)),
    ])
  func legacyAttributes(opType: String, opset: Int64, name: String, value: Attribute) throws {
    let graph = try normalised(Node(opType, inputs: ["x"], outputs: ["y"], attributes: [name: value]), from: opset)
    #expect(graph.nodes[0].attributes[name] == nil)
  }

  @Test func batchNormalizationOfATestHasNoStatistics() throws {
    let node = Node(
      "BatchNormalization", inputs: ["x", "s", "b", "m", "v"], outputs: ["y", "rm", "rv"],
      attributes: ["is_test": .int(1)])
    #expect(throws: GraphError.self) { try normalised(node, from: 6) }
  }

  @Test func attributesGotNewFormsAndDefaults() throws {
    func attribute(_ name: String, _ opType: String, from opset: Int64, _ attributes: [String: Attribute]) throws
      -> Attribute?
    {
      try normalised(Node(opType, inputs: ["x"], outputs: ["y"], attributes: attributes), from: opset).nodes[0]
        .attributes[name]
    }
    guard case .int(11) = try attribute("to", "Cast", from: 5, ["to": .string("DOUBLE")]) else {
      Issue.record("Cast"); return
    }
    #expect(throws: GraphError.self) { try attribute("to", "Cast", from: 5, ["to": .string("QUAD")]) }
    guard case .int(1) = try attribute("axis", "Concat", from: 3, [:]) else { Issue.record("Concat"); return }
    guard case .float(1.6732) = try attribute("alpha", "Selu", from: 5, [:]) else { Issue.record("Selu"); return }
    guard case .int(3) = try attribute("p", "LpPool", from: 1, ["p": .float(3)]) else { Issue.record("LpPool"); return }
    #expect(throws: GraphError.self) { try attribute("p", "GlobalLpPool", from: 1, ["p": .float(1.5)]) }
  }

  @Test func firstOpsetsBecomeInputs() throws {
    let pad = try normalised(
      Node("Pad", inputs: ["x"], outputs: ["y"], attributes: ["paddings": .ints([0, 0, 1, 0, 0, 1])]), from: 1)
    #expect(constant(pad, input: 1)?.int64s() == [0, 0, 1, 0, 0, 1])
    let reshape = try normalised(
      Node(
        "Reshape", inputs: ["x"], outputs: ["y"], attributes: ["shape": .ints([6, -1]), "consumed_inputs": .ints([0])]),
      from: 4)
    #expect(constant(reshape, input: 1)?.int64s() == [6, -1])
    #expect(reshape.nodes[0].attributes.isEmpty)
    let upsample = try normalised(
      Node(
        "Upsample", inputs: ["x"], outputs: ["y"],
        attributes: ["height_scale": .float(2), "width_scale": .float(3), "mode": .string("bilinear")]), from: 1)
    #expect(upsample.nodes.map(\.opType) == ["Resize"])
    #expect(constant(upsample, input: 2)?.doubles() == [1, 1, 2, 3])
    let tile = try normalised(Node("Tile", inputs: ["x", "tiles", "axis"], outputs: ["y"]), from: 5)
    #expect(tile.nodes.suffix(2).map(\.opType) == ["ScatterElements", "Tile"])
    #expect(tile.nodes.last?.inputs.count == 2)
    let split = try normalised(Node("Split", inputs: ["x", "sizes"], outputs: ["a", "b"]), from: 1)
    #expect(split.nodes.map(\.opType) == ["Cast", "Reshape", "Split"])
  }

  @Test func groupNormalizationRepeatsItsScales() throws {
    let graph = try normalised(
      Node("GroupNormalization", inputs: ["x", "s", "b"], outputs: ["y"], attributes: ["num_groups": .int(3)]), from: 18
    )
    #expect(graph.nodes.last?.opType == "GroupNormalization")
    #expect(graph.nodes.filter { $0.opType == "Expand" }.count == 2)
  }

  @Test func smallRenames() throws {
    let scatter = try normalised(Node("Scatter", inputs: ["x", "i", "u"], outputs: ["y"]), from: 9)
    #expect(scatter.nodes[0].opType == "ScatterElements")
    let grid = try normalised(
      Node("GridSample", inputs: ["x", "g"], outputs: ["y"], attributes: ["mode": .string("bicubic")]), from: 16)
    guard case .string(let mode) = grid.nodes[0].attributes["mode"] else { Issue.record("no mode"); return }
    #expect(String(decoding: mode, as: UTF8.self) == "cubic")
    let transform = try normalised(Node("DFT", inputs: ["x"], outputs: ["y"]), from: 17)
    #expect(transform.nodes[0].inputs[1] == "")
    #expect(constant(transform, input: 2)?.int64s() == [1])
  }

  @Test func scanOverABatchIsAScanAroundAScan() throws {
    let body = Graph("body", inputs: [ValueInfo("s", nil), ValueInfo("e", nil)], outputs: [ValueInfo("s2", nil)])
    let graph = try normalised(
      Node(
        "Scan", inputs: ["", "state", "items"], outputs: ["final"],
        attributes: ["body": .graph(body), "num_scan_inputs": .int(1)]), from: 8)
    #expect(graph.nodes[0].inputs == ["state", "items"])
    let inner = try #require(graph.nodes[0].bodies.first).graph
    #expect(inner.nodes.map(\.opType) == ["Scan"])
    #expect(inner.nodes[0].inputs == inner.inputs.map(\.name))
  }

  @Test func bodiesAreBroughtAlong() throws {
    let then = Graph(
      "then", outputs: [ValueInfo("t", nil)],
      nodes: [Node("ReduceMax", inputs: ["x"], outputs: ["t"], attributes: ["axes": .ints([0])])])
    let graph = try normalised(
      Node(
        "If", inputs: ["c"], outputs: ["y"], attributes: ["then_branch": .graph(then), "else_branch": .graph(then)]),
      from: 13)
    for body in graph.nodes[0].bodies {
      #expect(body.graph.nodes[0].inputs.count == 2)
      #expect(body.graph.initializers[body.graph.nodes[0].inputs[1]]?.int64s() == [0])
    }
    #expect(graph.initializers.isEmpty)
  }

  @Test func functionsHoldConstantsAsNodes() throws {
    var function = Function(
      "Mean", domain: "local", inputs: ["x"], outputs: ["y"], attributeNames: ["axes"],
      nodes: [
        Node("ReduceMean", inputs: ["x"], outputs: ["m"], attributes: ["axes": .reference("axes", kind: .ints)]),
        Node("Squeeze", inputs: ["m"], outputs: ["y"], attributes: ["axes": .ints([0])]),
      ], opsetImports: ["": 11])
    try OpsetAdapters.normalise(&function)
    #expect(function.nodes.map(\.opType) == ["Constant", "Constant", "ReduceMean", "Squeeze"])
    guard case .reference("axes", .ints) = function.nodes[1].attributes["value_ints"] else {
      Issue.record("the caller's attribute is lost")
      return
    }
    #expect(function.opsetImports[""] == Model.canonicalOpset)
  }

  @Test func theCanonicalOpsetStaysAsItIs() throws {
    let node = Node("ReduceMean", inputs: ["x"], outputs: ["y"], attributes: ["axes": .ints([1])])
    for opset in [Model.canonicalOpset, 28] {
      let graph = try normalised(node, from: opset)
      #expect(graph.nodes[0].inputs == ["x"])
    }
  }
}
