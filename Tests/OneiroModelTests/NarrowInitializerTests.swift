import OneiroGraph
import OneiroModel
import OneiroOps
import OneiroTestSupport
import Testing

@Suite("Initializers of 16 bits that are computed with as float32") struct NarrowInitializerTests {
  private static let float = Int64(ElementType.float32.rawValue)
  private static let halves = Tensor([1, 2, 3, 4, 5, 6] as [Float16], dims: [2, 3])
  private static let brains = Tensor([BFloat16(Float(7)), BFloat16(Float(-0.5))], dims: [2])

  private func cast(_ from: String, _ to: String, type: Int64 = float) -> Node {
    Node("Cast", name: to, inputs: [from], outputs: [to], attributes: ["to": .int(type)])
  }

  private func body() -> Graph {
    var body = Graph(
      "body", outputs: [ValueInfo("s", nil)], nodes: [Node("Add", inputs: ["b", "one"], outputs: ["s"])])
    body.addInitializer("b", Tensor(Self.brains.elements(of: BFloat16.self), dims: [2]).widening())
    body.addInitializer("one", Tensor(scalar: Float(1)))
    return body
  }

  /// Reads "w" [2, 3] of float16, and in two bodies "b" [2] of bfloat16.
  private func model() -> Model {
    var graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(.float32, dims: [2, 3])), ValueInfo("c", .tensor(.bool, dims: []))],
      outputs: [ValueInfo("y", nil), ValueInfo("z", nil)],
      nodes: [
        Node("Add", inputs: ["x", "w"], outputs: ["y"]),
        Node(
          "If", inputs: ["c"], outputs: ["z"],
          attributes: ["then_branch": .graph(body()), "else_branch": .graph(body())]),
      ])
    graph.addInitializer("first", Tensor(scalar: Float(1)))
    graph.addInitializer("w", Self.halves.widening())
    graph.addInitializer("last", Tensor(scalar: Float(2)))
    return Model(graph: graph)
  }

  private func check(_ copy: Model) throws {
    #expect(copy.graph.nodes.map(\.opType) == ["Add", "If"])
    #expect(copy.graph.initializerOrder == ["first", "w", "last"])
    let w = try #require(copy.graph.initializers["w"])
    #expect(w.elementType == .float32 && w.stored?.type == .float16 && bytes(of: w.asStored) == bytes(of: Self.halves))
    for (_, body) in copy.graph.nodes[1].bodies {
      #expect(body.nodes.map(\.opType) == ["Add"] && body.initializerOrder == ["b", "one"])
      let b = try #require(body.initializers["b"])
      #expect(b.elementType == .float32 && b.stored?.type == .bfloat16)
      #expect(b.elements(of: Float.self) == [7, -0.5])
    }
  }

  @Test("Written, read and written again, also in bodies") func roundTrip() throws {
    let file = try ModelWriter.bytes(of: model())
    let copy = try ModelReader.parse(bytes: file, name: "copy")
    try check(copy)
    try ModelChecker.check(copy)
    #expect(try ModelWriter.bytes(of: copy) == file)
  }

  @Test("In external data, mapped as they lie there") func external() throws {
    let folder = try TemporaryFolder()
    try ModelWriter.write(model(), to: folder.file("m.onnx"), externalDataFile: "m.bin", threshold: 0)
    let file = try folder.read("m.onnx"), data = try folder.read("m.bin")
    #expect(data.count < 64 * 8 && Array(data[64..<76]) == bytes(of: Self.halves))
    let copy = try ModelReader.load(folder.file("m.onnx"))
    try check(copy)
    try ModelWriter.write(copy, to: folder.file("m.onnx"), externalDataFile: "m.bin", threshold: 0)
    #expect(try folder.read("m.onnx") == file && folder.read("m.bin") == data)
  }

  @Test("The default of an input is written as float32, as no node may write an input") func defaults() throws {
    let folder = try TemporaryFolder()
    var model = model()
    model.graph.inputs.append(ValueInfo("w", .tensor(.float32, dims: [2, 3])))
    try ModelWriter.write(model, to: folder.file("m.onnx"), externalDataFile: "m.bin", threshold: 0)
    let copy = try ModelReader.load(folder.file("m.onnx"))
    let w = try #require(copy.graph.initializers["w"])
    #expect(!w.isNarrow && w.elements(of: Float.self) == [1, 2, 3, 4, 5, 6])
  }

  @Test("A name that is taken, and a model that imports no opset of its own") func names() throws {
    var graph = Graph(
      "g", outputs: [ValueInfo("w_float16", nil)],
      nodes: [Node("Own", domain: "own", inputs: ["w"], outputs: ["w_float16"])])
    graph.addInitializer("w", Self.halves.widening())
    let copy = try ModelReader.parse(
      bytes: try ModelWriter.bytes(of: Model(graph: graph, opsetImports: ["own": 1])), name: "copy")
    #expect(copy.graph.initializers["w"]?.stored?.type == .float16)
    #expect(copy.graph.nodes.map(\.opType) == ["Own"])
    #expect(copy.opsetImports == ["own": 1, "": Model.canonicalOpset])
  }

  @Test("A constant in an attribute is written as float32") func attribute() throws {
    let node = Node("Constant", inputs: [], outputs: ["y"], attributes: ["value": .tensor(Self.halves.widening())])
    let graph = Graph("g", outputs: [ValueInfo("y", nil)], nodes: [node])
    let copy = try ModelReader.parse(bytes: try ModelWriter.bytes(of: Model(graph: graph)), name: "copy")
    guard case .tensor(let value) = copy.graph.nodes[0].attributes["value"] else {
      Issue.record("no value")
      return
    }
    #expect(!value.isNarrow && value.elements(of: Float.self) == [1, 2, 3, 4, 5, 6])
  }

  @Test("Casts as other writers make them: two of one initializer, one that is also read itself") func foreign() throws
  {
    var graph = Graph(
      "g", outputs: ["a", "b", "c", "v"].map { ValueInfo($0, nil) },
      nodes: [cast("w", "a"), cast("w", "b"), cast("v", "c")])
    graph.addInitializer("w", Self.halves)
    graph.addInitializer("v", Self.brains)
    let copy = try ModelReader.parse(bytes: try ModelWriter.bytes(of: Model(graph: graph)), name: "copy").graph
    #expect(copy.nodes.isEmpty && copy.initializerOrder == ["a", "b", "v", "c"])
    #expect(copy.initializers["a"]?.storage === copy.initializers["b"]?.storage)
    #expect(copy.initializers["v"]?.elementType == .bfloat16 && copy.initializers["c"]?.elementType == .float32)
  }

  @Test("Other Casts stay: to another type, of an input, of a float32") func others() throws {
    var graph = Graph(
      "g",
      inputs: [ValueInfo("i", .tensor(.float16, dims: [2, 3])), ValueInfo("d", .tensor(.float16, dims: [2, 3]))],
      outputs: ["a", "b", "c", "e"].map { ValueInfo($0, nil) },
      nodes: [
        cast("w", "a", type: Int64(ElementType.float64.rawValue)), cast("i", "b"), cast("d", "c"), cast("f", "e"),
      ])
    graph.addInitializer("w", Self.halves)
    graph.addInitializer("d", Self.halves)
    graph.addInitializer("f", Tensor(scalar: Float(1)))
    let copy = try ModelReader.parse(bytes: try ModelWriter.bytes(of: Model(graph: graph)), name: "copy").graph
    #expect(copy.nodes.count == 4 && copy.initializers.values.allSatisfy { !$0.isNarrow })
  }

  @Test("A Cast that says nothing of its type, and one with too many inputs, are left to the checker") func malformed()
    throws
  {
    for node in [
      Node("Cast", inputs: ["w"], outputs: ["a"]),
      Node("Cast", inputs: ["w", "w"], outputs: ["a"], attributes: ["to": .int(Self.float)]),
      Node("Cast", inputs: ["w"], outputs: [""], attributes: ["to": .int(Self.float)]),
      Node("Cast", inputs: [], outputs: ["a"], attributes: ["to": .int(Self.float)]),
    ] {
      var graph = Graph("g", outputs: [ValueInfo("w", nil)], nodes: [node])
      graph.addInitializer("w", Self.halves)
      let copy = try ModelReader.parse(bytes: try ModelWriter.bytes(of: Model(graph: graph)), name: "copy").graph
      #expect(copy.nodes.count == 1 && copy.initializers["w"]?.elementType == .float16)
    }
  }

  @Test("A Cast that writes a name which is taken is refused", arguments: ["w", "x"]) func taken(name: String) throws {
    var graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(.float32, dims: [2, 3]))], outputs: [ValueInfo("w", nil)],
      nodes: [cast("w", name)])
    graph.addInitializer("w", Self.halves)
    let file = try ModelWriter.bytes(of: Model(graph: graph))
    #expect(message { _ = try ModelReader.parse(bytes: file, name: "bad.onnx") }.contains("\"\(name)\""))
  }

  /// A conditioner of 4 tokens of 32 numbers, with a token mixer [6, 4, 1] too small for a file of its own.
  @Test(
    "A network's matrices go to a file as 16 bits, its vectors as float32", arguments: [ElementType.float16, .bfloat16])
  func network(type: ElementType) throws {
    let folder = try TemporaryFolder()
    let conditioner = Conditioner(tokens: 4, width: 32, lengths: [6], contextWidth: 512)
    let network = try conditioner.network(WeightLedger(generator: GeneratedWeights()))
    let exact = try network.model().graph
    var placed = PlacedWeights()
    var byteCount = 0
    let (graph, hash) = try network.writeWeights(
      to: "c.weights", in: folder.path, as: type, placed: &placed, progress: { byteCount += $0 })
    // The weights get their name together with the model.
    #expect(try folder.files == [])
    try ModelWriter.write(Model(graph: graph), to: folder.file("c.onnx"), placed: placed)
    #expect(try SHA256.hex(ofFile: folder.file("c.weights")) == hash)
    let copy = try ModelReader.load(folder.file("c.onnx")).graph
    #expect(copy.nodes.map(\.opType) == network.graph.nodes.map(\.opType))
    for weight in network.weights {
      let tensor = try #require(copy.initializers[weight.name])
      let expected = try #require(exact.initializers[weight.name])
      #expect(tensor.elementType == .float32 && tensor.dims == expected.dims)
      #expect(tensor.stored?.type == (tensor.rank >= 2 ? type : .float32), "\(weight.name)")
      byteCount -= tensor.storedByteCount
      for (found, wanted) in zip(tensor.doubles(), expected.doubles()) {
        #expect(abs(found - wanted) <= abs(wanted) / 256, "\(weight.name)")
      }
    }
    #expect(byteCount == 0)
  }
}
