import OneiroGraph
import OneiroQuantization
import OneiroRuntime
import Testing

@Suite("A graph from one of its nodes on")
struct GraphRestTests {
  /// A value that is read much later, a weight that two layers read and that is turned first, a shape that is computed, a
  /// body that takes values from outside, an input with a default, and an output that is ready early.
  private static func graph() throws -> Graph {
    var graph = try GraphText.parse(
      """
      <ir_version: 10, opset_import: ["" : 23]>
      g (float[N,8] x, int64[1] n, float[8] shift) => (float[N,8] y, float[N,8] early) {
        turned = Transpose (square)
        [before] a = MatMul (x, turned)
        early = Relu (a)
        [second] b = MatMul (early, other)
        shifted = Add (b, shift)
        c = Add (shifted, x)
        shape = Shape (c)
        two = Constant <value_int = 2> ()
        [third] d = MatMul (c, third)
        is_long = Greater (n, two)
        e = If (is_long) <
          then_branch = g1 () => (float[N,8] p) { p = Add (d, a) },
          else_branch = g2 () => (float[N,8] q) { q = Sub (d, a) }
        >
        [last] f = MatMul (e, turned)
        y = Reshape (f, shape)
      }
      """
    ).graph
    let weights = [("square", [8, 8]), ("other", [8, 8]), ("third", [8, 8]), ("shift", [8])]
    for (seed, (name, dims)) in weights.enumerated() {
      graph.addInitializer(name, noise(dims, seed: UInt64(seed + 1)))
    }
    return graph
  }

  /// Of different lengths, and into both branches.
  private static let calls = [(4, 1.0), (6, 5)].map { rows, n in
    ["x": noise([rows, 8], seed: UInt64(rows)), "n": Tensor(.int64, doubles: [n], dims: [1])]
  }

  private func planner() throws -> Planner { Planner(backend: try Backend.reference, threads: 1) }

  /// An output in each of the calls.
  private func output(_ name: String = "y", of graph: Graph, _ calls: [[String: Value]]) throws -> [[Double]] {
    let runner = GraphRunner(graph, planner: try planner())
    return try calls.map { try runner.run($0)[name]?.tensor?.doubles() ?? [] }
  }

  /// Whether they are the same but for last bits, which what is fused may round otherwise.
  private func areNear(_ found: [[Double]], _ expected: [[Double]]) -> Bool {
    found.map(\.count) == expected.map(\.count)
      && zip(found.joined(), expected.joined()).allSatisfy { abs($0 - $1) < 1e-4 }
  }

  private func wholeCalls() -> [[String: Value]] { Self.calls.map { $0.mapValues(Value.tensor) } }

  @Test("It gives the outputs that the whole gives, wherever it begins, and keeps what is read from there on")
  func sameOutputs() throws {
    let graph = try Self.graph(), expected = try output(of: graph, wholeCalls())
    let early = try output("early", of: graph, wholeCalls())
    var rest = GraphRest(graph, calls: Self.calls, planner: try planner())
    for index in graph.nodes.indices {
      try rest.advance(to: index)
      let isSame = areNear(try output(of: rest.graph, rest.calls), expected)
      #expect(isSame, "from node \(index) on")
      if index <= 2 {
        let isSame = areNear(try output("early", of: rest.graph, rest.calls), early)
        #expect(isSame, "from node \(index) on")
      }
      let read = Set(graph.nodes[index...].flatMap(\.readNames))
      #expect(rest.keptNames.isSubset(of: read), "from node \(index) on")
    }
    #expect(rest.keptNames == ["f", "shape"])
  }

  @Test("A layer that changes in it changes the outputs as in the whole, another reader of its weight included")
  func layers() throws {
    let graph = try Self.graph()
    let layers = QuantizableLayer.all(in: graph, threshold: 0)
    #expect(layers.map(\.name) == ["before", "second", "third", "last"])
    var rest = GraphRest(graph, calls: Self.calls, planner: try planner())
    #expect(layers.map { rest.start(of: $0) } == [1, 3, 8, 1])
    for layer in layers.sorted(by: { rest.start(of: $0) < rest.start(of: $1) }) {
      try rest.advance(to: rest.start(of: layer))
      let own = try #require(QuantizableLayer.all(in: rest.graph, threshold: 0).first { $0.name == layer.name })
      #expect(own.weight == layer.weight && own.isDirect == layer.isDirect, "\(layer.name)")
      func changed(_ graph: Graph, _ layer: QuantizableLayer) throws -> Graph {
        let choice = LayerChoice(layer, wanted: .w8)
        let weight = try #require(try choice.reduced(graph.initializers[layer.weight]!))
        return QuantizedCopy.make(of: graph, [(choice, weight)], activations: [:])
      }
      let found = try output(of: try changed(rest.graph, own), rest.calls)
      let isSame = areNear(found, try output(of: try changed(graph, layer), wholeCalls()))
      let isLeft = areNear(found, try output(of: graph, wholeCalls()))
      #expect(isSame && !isLeft, "\(layer.name)")
    }
  }
}
