import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Steps run in an order that needs little memory") struct StepOrderTests {
  private func arena(_ text: String) throws -> (names: [String], byteCount: Int) {
    let graph = try GraphText.parse("<ir_version: 10, opset_import: [\"\" : 23]>\n" + text).graph
    let types = graph.inputs.reduce(into: [:]) { $0[$1.name] = $1.type!.tensorType! }
    let plan = try Planner(backend: try Backend("reference"), threads: 1).plan(graph, inputs: types)
    return (plan.steps.map { $0.node.outputs[0] }, plan.arenaByteCount)
  }

  @Test("What frees memory comes before what takes it") func frees() throws {
    // In the graph's order three large values are alive together; folding each one first keeps one.
    let found = try arena(
      """
      g (float[64] x) => (float[1] y) <int64[2] shape = {512,64}, int64[2] axes = {0,1}> {
        a = Expand(x, shape)  b = Exp(x)  c = Expand(b, shape)  d = Neg(x)  e = Expand(d, shape)
        f = ReduceSum<keepdims = 0>(a, axes)  g = ReduceSum<keepdims = 0>(c, axes)  h = ReduceSum<keepdims = 0>(e, axes)
        i = Add(f, g)  y = Add(i, h)
      }
      """)
    #expect(found.byteCount < 2 * 512 * 64 * 4, "\(found.names)")
  }

  @Test("Where nothing is gained the graph's own order stays") func stays() throws {
    let found = try arena("g (float[64] x) => (float[64] y) { b = Exp(x)  a = Neg(x)  c = Mul(a, b)  y = Sin(c) }")
    #expect(found.names == ["b", "a", "c", "y"])
  }
}
