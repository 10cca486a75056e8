import OneiroGraph
import OneiroQuantization
import OneiroRuntime
import Testing

@Suite("A graph from one of its nodes on")
struct GraphRestTests {
  /// A value that is read much later, a weight that is turned first, a shape that is computed, a body that takes a value
  /// from outside, and an output that is ready early.
  private static func graph() throws -> Graph {
    var graph = try GraphText.parse(
      """
      <ir_version: 10, opset_import: ["" : 23]>
      g (float[4,8] x, int64[1] n) => (float[2,16] y, float[4,8] early) {
        turned = Transpose (square)
        a = MatMul (x, turned)
        early = Relu (a)
        b = MatMul (early, square)
        c = Add (b, x)
        shape = Shape (c)
        two = Constant <value_int = 2> ()
        wide = Sub (shape, narrower)
        d = MatMul (c, square)
        is_long = Greater (n, two)
        e = If (is_long) <
          then_branch = g1 () => (float[4,8] p) { p = Add (d, a) },
          else_branch = g2 () => (float[4,8] q) { q = Sub (d, a) }
        >
        y = Reshape (e, wide)
      }
      """
    ).graph
    graph.addInitializer("square", noise([8, 8], seed: 1))
    graph.addInitializer("narrower", Tensor(.int64, doubles: [2, -8], dims: [2]))
    return graph
  }

  @Test("It gives the outputs that the whole gives, wherever it begins")
  func sameOutputs() throws {
    let graph = try Self.graph()
    let planner = Planner(backend: try Backend.reference, threads: 1)
    let calls = [1.0, 5].enumerated().map { index, n in
      ["x": noise([4, 8], seed: UInt64(index + 5)), "n": Tensor(.int64, doubles: [n], dims: [1])]
    }
    let whole = GraphRunner(graph, planner: planner)
    let expected = try calls.map { try whole.run($0.mapValues(Value.tensor)) }
    var rest = GraphRest(graph, calls: calls, planner: planner)
    for index in graph.nodes.indices {
      try rest.advance(to: index)
      let runner = GraphRunner(rest.graph, planner: planner)
      for (call, expected) in zip(rest.calls, expected) {
        let found = try runner.run(call)
        #expect(found["y"]?.tensor?.doubles() == expected["y"]?.tensor?.doubles(), "from node \(index) on")
        #expect(found["y"]?.tensor?.dims == expected["y"]?.tensor?.dims, "from node \(index) on")
        if index <= 2 { #expect(found["early"]?.tensor?.doubles() == expected["early"]?.tensor?.doubles()) }
      }
    }
    // Nothing is kept that nobody reads any more.
    #expect(rest.graph.inputs.map(\.name) == ["e"])
    #expect(Set(rest.calls[0].keys) == ["e"])
  }

  @Test("A layer in it is the layer of the whole, its turned weight included")
  func layers() throws {
    let graph = try Self.graph()
    var rest = GraphRest(
      graph, calls: [["x": noise([4, 8], seed: 5), "n": Tensor(.int64, doubles: [1], dims: [1])]],
      planner: Planner(backend: try Backend.reference, threads: 1))
    for layer in QuantizableLayer.all(in: graph, threshold: 0) {
      try rest.advance(to: layer.index)
      let found = QuantizableLayer.all(in: rest.graph, threshold: 0).first { $0.name == layer.name }
      #expect(found?.weight == layer.weight && found?.isDirect == layer.isDirect, "\(layer.name)")
    }
  }
}
