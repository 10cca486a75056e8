import OneiroGraph
import OneiroOps
import Testing

@Suite("Models against the operators") struct ModelCheckerTests {
  private func parse(_ graph: String) throws -> Model {
    try GraphText.parse("<ir_version: 10, opset_import: [\"\" : 23, \"com.x\" : 1, \"ai.oneiro\" : 1]> " + graph)
  }

  @Test(
    "What does not fit an operator is refused by name",
    arguments: [
      (
        "g (float[2] X) => (Y) { [n] Y = Frobnicate (X) }",
        "node \"n\" (Frobnicate): unknown operator Frobnicate in domain ai.onnx, opset 23"
      ),
      ("g (float[2] X) => (Y) { Y = com.x.Foo (X) }", "unknown operator Foo in domain com.x, opset 1"),
      ("g (float[2] X) => (Y) { Y = Add (X) }", "node \"Y\" (Add): expected 2 inputs, found 1"),
      ("g (float[2] X) => (Y) { Y = Add (X, X, X) }", "expected 2 inputs, found 3"),
      ("g (float[2] X) => (Y) { Y = Add (X, \"\") }", "input B: is left out"),
      ("g (float[2] X) => (Y, Z) { Y, Z = Add (X, X) }", "expected 1 outputs, found 2"),
      ("g (float[2] X) => (Y) { Y = Add <axis = 1> (X, X) }", "attribute axis: expected no attributes"),
      (
        "g (float[2] X) => (Y) { Y = LayerNormalization <axis = 1.5> (X, X) }",
        "attribute axis: expected kind int, found float"
      ),
      (
        "g (float[2] X) => (Y) { Y = LayerNormalization <axes = 1> (X, X) }",
        "expected one of axis, epsilon, stash_type"
      ),
      (
        "g (float[2] X) => (Y) { Y = ai.oneiro.Subgraph <role = \"a\"> (X) }",
        "attribute body: expected a value of kind graph, found none"
      ),
      (
        "g (float[2] X, double[2] Z) => (Y) { Y = Add (X, Z) }",
        "input B \"Z\": expected float because input A has that type, found double"
      ),
      ("g (string[2] X) => (Y) { Y = Add (X, X) }", "input A \"X\": expected a tensor of"),
      ("g (float[2] X, float[3] Z) => (Y) { Y = Add (X, Z) }", "node \"Y\" (Add)"),
      (
        "g (float[2] X) => (float[3] Y) { Y = Add (X, X) }",
        "output \"Y\": expected float[3] because the graph states that type, found float[2]"
      ),
      ("g (float[2] X) => (double[2] Y) { Y = Add (X, X) }", "expected double[2]"),
      ("g (float[2] X) => (Y) <float[2,2] T> { T = Add (X, X) Y = Add (T, T) }", "output \"T\": expected float[2,2]"),
      ("g (X) => (Y) { Y = Add (X, X) }", "input \"X\": has no type"),
      ("g (float[3] X) => (Y) <float[2] X = {1, 2}> { Y = Add (X, X) }", "initializer \"X\": expected float[3]"),
    ])
  func refused(graph: String, expected: String) throws {
    let model = try parse(graph)
    let error = #expect(throws: GraphError.self) { try ModelChecker.check(model) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }

  @Test("Types follow from inputs, symbols included, and from bound shapes") func inference() throws {
    let graph = try parse(
      """
      g (float[N,4] X) => (float[M,4] Y) <int64[2] S = {-1, 2}, float[4] B = {1, 2, 3, 4}> {
        Y = Add (X, B)
        Z = Reshape (Y, S)
      }
      """
    ).graph
    let types = try TypeInference.infer(graph)
    #expect(types["Y"]?.description == "float[N,4]")
    #expect(types["Z"]?.description == "float[?,2]")
    let bound = try TypeInference.infer(graph, inputs: ["X": .tensor(.float32, dims: [3, 4])])
    #expect(bound["Z"]?.description == "float[6,2]")
    #expect(throws: GraphError.self) { try TypeInference.infer(graph, inputs: ["X": .tensor(.float32, dims: [3, 5])]) }
  }

  @Test("Small integer values are computed, so that shapes behind them are known") func knownValues() throws {
    let graph = try parse(
      "g (float[4] X) => (Y) <int64[2] S = {1, 1}> { T = Add (S, S) Y = Reshape (X, T) }"
    ).graph
    let inference = try TypeInference(graph)
    #expect(inference.values["T"]?.int64s() == [2, 2])
    #expect(inference.types["Y"]?.description == "float[2,2]")
  }

  @Test("An initializer that is an input's default is not taken for a constant") func defaults() throws {
    let graph = try parse("g (float[4] X, int64[2] S = {2, 2}) => (Y) { Y = Reshape (X, S) }").graph
    #expect(try TypeInference.infer(graph)["Y"]?.description == "float[?,?]")
  }

  @Test("Bodies are inferred with the values around them") func bodies() throws {
    let model = try parse(
      """
      g (float[N] X, float[1] C) => (Y) {
        Y = ai.oneiro.Subgraph <role = "part", body = part (float[N] x) => (y) { y = Add (x, C) }> (X)
      }
      """)
    try ModelChecker.check(model)
    #expect(try TypeInference.infer(model.graph)["Y"]?.description == "float[N]")
    let broken = try parse(
      "g (float[N] X) => (Y) { Y = ai.oneiro.Subgraph <role = \"p\", body = p (float[N] x) => (y) { y = Nope (x) }> (X) }"
    )
    let error = #expect(throws: GraphError.self) { try ModelChecker.check(broken) }
    #expect(error?.description.contains("unknown operator Nope") == true)
  }

  @Test("Calls of model-local functions are accepted; their types are stated or not known") func functions() throws {
    let model = try parse(
      """
      g (float[2] X) => (Z) { Y = com.x.Twice (X) Z = Add (Y, X) }
      <domain: "com.x", opset_import: ["" : 23]> Twice (a) => (b) { b = Add (a, a) }
      """)
    try ModelChecker.check(model)
    #expect(try TypeInference.infer(model.graph)["Y"] == nil)
  }
}
