import OneiroGraph
import OneiroModel
import OneiroOps
import OneiroPasses
import Testing

/// Each rewrite: what becomes of its pattern, that the numbers stay, and where it stands back.
@Suite("Rewrites keep what a graph computes") struct RewriteTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// A graph from x to y in ONNX's text syntax.
    let text: String
    /// The operators that are left, in order.
    let expected: [String]
  }

  static let examples = [
    Example(
      testDescription: "Sigmoid and Mul are a SiLU",
      text: "g (float[3,7] x) => (float[3,7] y) { s = Sigmoid(x)  y = Mul(s, x) }", expected: ["SiLU"]),
    Example(
      testDescription: "a Sigmoid that somebody else reads stays",
      text: "g (float[3,7] x) => (float[3,7] y, float[3,7] s) { s = Sigmoid(x)  y = Mul(x, s) }",
      expected: ["Sigmoid", "Mul"]),
    Example(
      testDescription: "a Sigmoid times something else stays",
      text: "g (float[3,7] x) => (float[3,7] y) { n = Neg(x)  s = Sigmoid(x)  y = Mul(n, s) }",
      expected: ["Neg", "Sigmoid", "Mul"]),
    Example(
      testDescription: "the Erf form of a Gelu",
      text: """
        g (float[5,9] x) => (float[5,9] y)
        <float root = {1.4142135}, float one = {1.0}, float half = {0.5}> {
          d = Div(x, root)  e = Erf(d)  a = Add(e, one)  m = Mul(x, a)  y = Mul(m, half)
        }
        """, expected: ["Gelu"]),
    Example(
      testDescription: "the Erf form with the half before the product",
      text: """
        g (float[5,9] x) => (float[5,9] y)
        <float root = {0.70710677}, float one = {1.0}, float half = {0.5}> {
          h = Mul(x, half)  d = Mul(x, root)  e = Erf(d)  a = Add(one, e)  y = Mul(h, a)
        }
        """, expected: ["Gelu"]),
    Example(
      testDescription: "an Erf of another scale stays",
      text: """
        g (float[5,9] x) => (float[5,9] y)
        <float root = {1.5}, float one = {1.0}, float half = {0.5}> {
          d = Div(x, root)  e = Erf(d)  a = Add(e, one)  m = Mul(x, a)  y = Mul(m, half)
        }
        """, expected: ["Div", "Erf", "Add", "Mul", "Mul"]),
    Example(
      testDescription: "an instance normalization of groups",
      text: """
        g (float[2,4,3,5] x) => (float[2,4,3,5] y)
        <int64[3] groups = {2, 2, -1}, int64[4] back = {2, 4, 3, 5}, float[2] ones = {1.0, 1.0}, float[2] zeros = {0.0, 0.0},
         float[4,1,1] w = {0.5, 2.0, -1.0, 3.0}, float[4,1,1] b = {1.0, 0.0, -2.0, 0.25}> {
          r = Reshape(x, groups)  i = InstanceNormalization<epsilon = 0.001>(r, ones, zeros)  o = Reshape(i, back)
          m = Mul(o, w)  y = Add(m, b)
        }
        """, expected: ["GroupNormalization"]),
    Example(
      testDescription: "an instance normalization with its own scale stays",
      text: """
        g (float[2,4,3,5] x) => (float[2,4,3,5] y)
        <int64[3] groups = {2, 2, -1}, int64[4] back = {2, 4, 3, 5}, float[2] ones = {1.0, 2.0}, float[2] zeros = {0.0, 0.0}> {
          r = Reshape(x, groups)  i = InstanceNormalization(r, ones, zeros)  y = Reshape(i, back)
        }
        """, expected: ["Reshape", "InstanceNormalization", "Reshape"]),
    Example(
      testDescription: "a product with a bias",
      text: """
        g (float[2,3,2] x) => (float[2,3,3] y)
        <float[2,3] w = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, float[3] b = {0.5, -1.0, 2.0}> { p = MatMul(x, w)  y = Add(b, p) }
        """, expected: ["Reshape", "Gemm", "Reshape"]),
    Example(
      testDescription: "a product with a bias for each row stays",
      text: """
        g (float[3,2] x) => (float[3,3] y)
        <float[2,3] w = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, float[3,1] b = {0.5, -1.0, 2.0}> { p = MatMul(x, w)  y = Add(p, b) }
        """, expected: ["MatMul", "Add"]),
    Example(
      testDescription: "a division by one",
      text: "g (float[3,7] x) => (float[3,7] y) <float one = {1.0}> { d = Div(x, one)  y = Neg(d) }",
      expected: ["Identity", "Neg"]),
    Example(
      testDescription: "a product with one that broadcasts stays",
      text: "g (float[3] x) => (float[2,3] y) <float[2,1] one = {1.0, 1.0}> { y = Mul(x, one) }", expected: ["Mul"]),
  ]

  private static let all = examples + attentions + expansions + fusions + joins + merges + quantized

  @Test(arguments: all) func keeps(example: Example) throws {
    let model = try GraphText.parse("<ir_version: 10, opset_import: [\"\" : 23]>\n" + example.text)
    let types = try TypeInference.infer(model.graph).compactMapValues(\.tensorType)
    let rewritten = RewriteEngine().apply(to: model.graph, types: types).graph
    #expect(rewritten.nodes.map(\.opType) == example.expected)
    let before = try evaluate(model.graph), after = try evaluate(rewritten)
    for (name, expected) in before {
      let found = try #require(after[name])
      #expect(zip(expected, found).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($0)) }, "\(name)")
    }
  }

  /// The outputs for an x that is no special case, each node by its own reference kernel.
  private func evaluate(_ graph: Graph) throws -> [String: [Double]] {
    var values = graph.initializers
    for input in graph.inputs {
      let type = try #require(input.type?.tensorType), dims = try #require(type.dims)
      let numbers = (0..<dims.reduce(1, *)).map { Double(($0 * 37) % 23) }
      values[input.name] =
        switch type.elementType {
        case .uint8: Tensor(.uint8, doubles: numbers.map { $0 * 11 }, dims: dims)
        case .int8: Tensor(.int8, doubles: numbers.map { $0 * 11 - 128 }, dims: dims)
        default: Tensor(numbers.map { Float($0) / 7 - 1.5 }, dims: dims)
        }
    }
    for node in graph.nodes {
      let op = try #require(Operators.find(node.op))
      let call = KernelCall(node: node, schema: op.schema, inputs: node.inputs.map { values[$0].map(Value.tensor) })
      for (name, value) in zip(node.outputs, try op.evaluate(call)) { values[name] = value?.tensor }
    }
    return Dictionary(
      uniqueKeysWithValues: try graph.outputs.map { ($0.name, try #require(values[$0.name]).doubles()) })
  }
}
