import OneiroGraph
import Testing

@Suite("ONNX's text syntax") struct GraphTextTests {
  /// Printing what was parsed gives the same text again, so nothing was lost on the way.
  static let models = [
    """
    <
       ir_version: 8,
       opset_import: ["" : 17]
    >
    g (float[N,128] X, float S, float[] U) => (float[N,10] C)
       <float[2] W = {1.0,-2.5},
        float[N,10] T>
    {
       [product] T = MatMul (X, W)
       C = Softmax <axis: int = 1> (T)
    }

    """,
    """
    <
       ir_version: 10,
       opset_import: ["" : 21, "com.x" : 1],
       producer_name: "p",
       producer_version: "1",
       domain: "d",
       model_version: 3,
       doc_string: "a \\"quoted\\" \\\\ text",
       metadata_props: ["k": "v"]
    >
    "my graph" (seq(int64[?]) Q, optional(float[]) O, map(int64, string) M, float[N,"N-1",?,4] "x.0") => (Y)
       <bool[2] B = {1,0},
        string[2] s = {"a","b\\""},
        float16[2] H = {15360,16640},
        uint64 u = {18446744073709551615},
        int4[3] i4 = {1,-2,3},
        complex64[1] c = {1.0,-1.0},
        double[0] none = {},
        sparse_tensor(float[9]) sp = {float[2] {1.0,2.0}, int64[2] {0,8}}>
    {
       ["n/1"] "a/b", "", z = com.x.Foo:ov <f: float = 1e-07, i: int = -1, r: int = @alpha, s: string = "x"> (Q, "", B)
       Y = Bar <empty: ints = [], fs: floats = [1.0, inf, nan], strs: strings = ["a", "b"], t: tensor = int64[2] {1,2}, tps: type_protos = [float[N], seq(int64)], ts: tensors = [float {1.0}]> (z)
    }
    <
       domain: "com.x",
       opset_import: ["" : 21],
       overload: "ov"
    >
    Foo <alpha, beta: float = 1.0> (a, b, c) => (x, y, z) {
       x = Identity (a)
       y = Identity (a)
       z = If <else_branch: graph = e () => (v) {
          v = Identity (a)
       }, then_branch: graph = t () => (v) {
          v = Identity (b)
       }> (c)
    }

    """,
  ]

  @Test("Text that is parsed is printed the same", arguments: models) func roundTrip(text: String) throws {
    #expect(GraphText.print(try GraphText.parse(text)) == text)
  }

  @Test("Every element type survives") func elementTypes() throws {
    for type in ElementType.allCases {
      let tensor: Tensor =
        switch type {
        case .string: Tensor(strings: ["a", "\"\\\n"], dims: [2])
        case .complex64, .complex128:
          Tensor(
            type, dims: [2],
            storage: ByteStorage(byteCount: type.bitWidth / 4) { $0.initializeMemory(as: UInt8.self, repeating: 0) })
        default: Tensor(type, int64s: [1, 0], dims: [2])
        }
      let graph = Graph("g", nodes: [], initializers: ["W": tensor])
      let parsed = try GraphText.parse(GraphText.print(Model(graph: graph))).graph
      let found = try #require(parsed.initializers["W"])
      #expect(found.elementType == type)
      #expect(found.dims == [2])
      #expect(Array(found.bytes) == Array(tensor.bytes), "\(type)")
      #expect(found.strings == tensor.strings)
    }
  }

  @Test("Kinds of attributes that the text leaves out are found") func inferredKinds() throws {
    let model = try GraphText.parse(
      """
      g (float[N] X) => (Y) {
        Y = Foo (X) <i = 1, f = 2.0, s = "a", is = [1, 2], fs = [1, 2.0], t = float[1] {3}, b = body () => () {}, r: int = @o>
      }
      """)
    let kinds = model.graph.nodes[0].attributes.mapValues(\.kind)
    #expect(
      kinds == ["i": .int, "f": .float, "s": .string, "is": .ints, "fs": .floats, "t": .tensor, "b": .graph, "r": .int])
  }

  @Test("An input can have a default, and comments are passed over") func defaults() throws {
    let graph = try GraphText.parse("g (float[2] X = {1, 2}) # a comment }\n => (X) {}").graph
    #expect(graph.initializers["X"]?.doubles() == [1, 2])
    #expect(graph.requiredInputs.isEmpty)
  }

  @Test("Large tensors are left out when asked for") func elided() throws {
    let graph = Graph("g", initializers: ["W": Tensor([Float](repeating: 1, count: 12), dims: [3, 4])])
    let text = GraphText.print(graph, elideAbove: 10)
    #expect(text.contains("float[3,4] W = {...}"))
    #expect(throws: GraphError.self) { try GraphText.parse(text) }
  }

  @Test(
    "Errors name line and column",
    arguments: [
      ("g (float[N] X) => (Y) {\n  Y = Add(X X)\n}", "line 2, column 13"),
      ("g (float[N] X", "line 1, column 14"),
      ("g () => () <float[2] W = {1}> {}", "line 1, column 27"),
      ("g () => () <int8[1] W = {128}> {}", "line 1, column 26"),
      ("g () => () <float[N] W = {1}> {}", "line 1, column 25"),
      ("g () => () { Y = Add <a = []> () }", "line 1, column 29"),
      ("g () => () { Y = Add <a: int = \"x\"> () }", "line 1, column 32"),
      ("g () => () { Y = Add <s = \"x> () }", "line 1, column 27"),
      ("<ir_version: 99999999999999999999> g () => () {}", "line 1, column 14"),
    ])
  func errors(text: String, place: String) {
    let error = #expect(throws: GraphError.self) { try GraphText.parse(text) }
    #expect(error?.subject == place, "\(error?.description ?? "")")
  }

  @Test("Nesting is bounded") func nesting() {
    let types = "g (" + String(repeating: "seq(", count: 100_000)
    #expect(throws: GraphError.self) { try GraphText.parse(types) }
    let graphs = String(repeating: "g () => () { y = Foo <a = ", count: 100_000)
    #expect(throws: GraphError.self) { try GraphText.parse(graphs) }
  }

  @Test("No text crashes the parser") func mutations() throws {
    let text = Array(Self.models[1].utf8)
    var seed: UInt64 = 7
    func next(_ bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % bound
    }
    for cut in stride(from: 0, to: text.count, by: 13) {
      _ = try? GraphText.parse(String(decoding: text[..<cut], as: UTF8.self))
    }
    let signs = Array("<>(){}[]=,:\"\\@.#-9aN ".utf8)
    for _ in 0..<300 {
      var changed = text
      for _ in 0...next(4) { changed[next(changed.count)] = signs[next(signs.count)] }
      _ = try? GraphText.parse(String(decoding: changed, as: UTF8.self))
    }
  }
}
