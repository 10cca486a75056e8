import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Gradient") struct GradientTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The inputs besides x, whose gradients are taken as well.
    let inputs: String
    let nodes: String
    init(_ description: String, _ inputs: String, _ nodes: String) {
      (testDescription, self.inputs, self.nodes) = (description, inputs, nodes)
    }
  }

  /// y of some doubles; elements lie between 0.3 and 2, away from where functions have corners.
  static let examples = [
    Example("Add that broadcasts", "double[2,3] a, double[3] b", "y = Add(a, b)"),
    Example("Sub that broadcasts both ways", "double[2,1] a, double[1,3] b", "y = Sub(a, b)"),
    Example("Mul of a value with itself", "double[2,3] a", "y = Mul(a, a)"),
    Example("Mul by a scalar", "double[2,3] a, double b", "y = Mul(b, a)"),
    Example("Div", "double[2,3] a, double[3] b", "y = Div(a, b)"),
    Example("Pow", "double[2,3] a, double[3] b", "y = Pow(a, b)"),
    Example("Pow by 0, 2 and -1", "double[2,3] a", "p = Constant<value = double[3] {0.0, 2.0, -1.0}>()  y = Pow(a, p)"),
    Example("Neg, Abs and Exp", "double[4] a", "n = Neg(a)  m = Abs(n)  e = Exp(n)  y = Mul(m, e)"),
    Example("Log and Sqrt", "double[4] a", "l = Log(a)  s = Sqrt(a)  y = Mul(l, s)"),
    Example("Sin and Cos", "double[4] a", "s = Sin(a)  c = Cos(a)  q = Mul(c, c)  y = Mul(s, q)"),
    Example(
      "Relu, Sigmoid, Tanh and Softplus", "double[5] a",
      """
      one = Constant<value = double {1.0}>()  s = Sub(a, one)
      r = Relu(s)  g = Sigmoid(s)  t = Tanh(s)  p = Softplus(s)  u = Mul(r, g)  v = Mul(t, p)  y = Add(u, v)
      """),
    Example("Softmax", "double[2,3,4] a, double[4] b", "s = Softmax<axis = 1>(a)  y = Mul(s, b)"),
    Example("LogSoftmax", "double[2,4] a, double[4] b", "s = LogSoftmax(a)  y = Mul(s, b)"),
    Example("MatMul", "double[2,3] a, double[3,4] b", "m = MatMul(a, b)  y = Mul(m, m)"),
    Example("MatMul of stacks that broadcast", "double[2,1,2,3] a, double[4,3,2] b", "m = MatMul(a, b)  y = Mul(m, m)"),
    Example("MatMul of vectors", "double[3] a, double[3] b", "m = MatMul(a, b)  y = Mul(m, m)"),
    Example("MatMul of a vector and a stack", "double[3] a, double[2,3,4] b", "m = MatMul(a, b)  y = Mul(m, m)"),
    Example("MatMul of a stack and a vector", "double[2,4,3] a, double[3] b", "m = MatMul(a, b)  y = Mul(m, m)"),
    Example("Gemm", "double[2,3] a, double[3,4] b, double[4] c", "m = Gemm(a, b, c)  y = Mul(m, m)"),
    Example(
      "Gemm of transposed A, scaled", "double[3,2] a, double[3,4] b, double[2,1] c",
      "m = Gemm<transA = 1, alpha = 0.5, beta = -2.0>(a, b, c)  y = Mul(m, m)"),
    Example(
      "Gemm of transposed B", "double[2,3] a, double[4,3] b", "m = Gemm<transB = 1>(a, b)  y = Mul(m, m)"),
    Example(
      "Gemm of both transposed", "double[3,2] a, double[4,3] b, double c",
      "m = Gemm<transA = 1, transB = 1, alpha = 2.0>(a, b, c)  y = Mul(m, m)"),
    Example(
      "ReduceSum with and without its axis", "double[2,3] a",
      """
      axes = Constant<value = int64[1] {-1}>()  s = ReduceSum<keepdims = 0>(a, axes)  t = ReduceSum(a, axes)
      u = Mul(s, s)  v = Mul(t, t)  y = Add(u, v)
      """),
    Example("ReduceMean of all", "double[2,3] a", "m = ReduceMean<keepdims = 0>(a)  y = Mul(m, m)"),
    Example(
      "ReduceMean of two axes", "double[2,3,2] a",
      "axes = Constant<value = int64[2] {0, 2}>()  m = ReduceMean<keepdims = 0>(a, axes)  y = Mul(m, m)"),
    Example(
      "Reshape, Transpose, Flatten, Squeeze, Unsqueeze", "double[2,3] a, double[3,1,2] b",
      """
      axes = Constant<value = int64[1] {1}>()  shape = Constant<value = int64[3] {1, 3, 2}>()
      t = Transpose(a)  u = Unsqueeze(t, axes)  m = Mul(u, b)  s = Squeeze(m, axes)  r = Reshape(s, shape)
      p = Transpose<perm = [2, 0, 1]>(r)  f = Flatten(p)  y = Mul(f, f)
      """),
    Example(
      "Where, Expand, Identity and Cast", "double[2,3] a, double[3] b",
      """
      one = Constant<value = double {1.0}>()  c = Greater(a, one)  s = Shape(a)  e = Expand(b, s)
      w = Where(c, a, e)  i = Identity(w)  k = Cast<to = 11>(i)  y = Mul(k, a)
      """),
    Example(
      "Conv with strides, pads and rows that no window reaches", "double[2,3,7,6] a, double[4,3,3,2] b, double[4] c",
      "m = Conv<strides = [3, 2], pads = [1, 0, 0, 1], dilations = [1, 2]>(a, b, c)  y = Mul(m, m)"),
    Example("Conv along one axis", "double[1,2,9] a, double[3,2,3] b", "m = Conv(a, b)  y = Mul(m, m)"),
  ]

  @Test("Derivatives are central differences", arguments: examples) func differences(example: Example) throws {
    let words = example.inputs.split(separator: " ").enumerated().filter { $0.offset % 2 == 1 }
    let names = words.map { $0.element.filter(\.isLetter) }
    let quoted = names.map { "\"\($0)\"" }.joined(separator: ", ")
    let outputs = names.map { "double[] d\($0)" }.joined(separator: ", ")
    let text = """
      g (\(example.inputs)) => (double[] y, \(outputs)) {
        \(example.nodes)
        \(names.map { "d\($0)" }.joined(separator: ", ")) = ai.onnx.preview.training.Gradient<xs = [\(quoted)], y = "y">(\(names.joined(separator: ", ")))
      }
      """
    let model = try Self.model(text)
    var inputs: [String: Tensor] = [:]
    for (index, input) in model.graph.inputs.enumerated() {
      let dims = try #require(input.type?.tensorType?.dims)
      let values = Tensor.random(dims, 0.3...2, seed: index + 1).doubles()
      inputs[input.name] = Tensor(.float64, doubles: values, dims: dims)
    }
    let found = try Self.run(model, inputs)
    for name in names {
      let x = try #require(inputs[name]), gradient = try #require(found["d\(name)"])
      #expect(gradient.dims == x.dims)
      for (index, value) in gradient.doubles().enumerated() {
        let expected = try Self.slope(model, inputs, name, index)
        #expect(abs(value - expected) <= 1e-6 * max(1, abs(expected)), "d\(name)[\(index)]")
      }
    }
  }

  /// (f(x + h) - f(x - h)) / 2h, with f the sum of y: wrong by h² times the third derivative, and by the rounding of f
  /// / h.
  private static func slope(_ model: LoadedModel, _ inputs: [String: Tensor], _ name: String, _ index: Int) throws
    -> Double
  {
    let step = 1e-5
    let sums = try [step, -step].map { (change) -> Double in
      var moved = inputs, values = inputs[name]!.doubles()
      values[index] += change
      moved[name] = Tensor(.float64, doubles: values, dims: inputs[name]!.dims)
      return try run(model, moved)["y"]!.doubles().reduce(0, +)
    }
    return (sums[0] - sums[1]) / (2 * step)
  }

  private static func model(_ text: String) throws -> LoadedModel {
    let header = "<ir_version: 10, opset_import: [\"\" : 23, \"ai.onnx.preview.training\" : 1]>\n"
    return try LoadedModel(GraphText.parse(header + text), path: "test")
  }

  private static func run(_ model: LoadedModel, _ inputs: [String: Tensor]) throws -> [String: Tensor] {
    try GraphRunner(model.graph, planner: Planner(backend: .reference, threads: 1))
      .run(inputs.mapValues(Value.tensor)).compactMapValues(\.tensor)
  }

  private static func values(_ text: String, _ inputs: [String: Double]) throws -> [String: [Double]] {
    try run(model(text), inputs.mapValues { Tensor(.float64, doubles: [$0], dims: []) }).mapValues { $0.doubles() }
  }

  @Test("A gradient of a gradient") func second() throws {
    let found = try Self.values(
      """
      g (double x) => (double d2) {
        s = Mul(x, x)  y = Mul(s, x)
        d = ai.onnx.preview.training.Gradient<xs = ["x"], y = "y">(x)
        d2 = ai.onnx.preview.training.Gradient<xs = ["x"], y = "d">(x)
      }
      """, ["x": 5])
    #expect(found == ["d2": [30]])
  }

  @Test("Other inputs than those named: the function is computed for them") func elsewhere() throws {
    let found = try Self.values(
      """
      g (double x, double p, double q) => (double dx) {
        s = Mul(x, x)  y = Mul(s, p)
        dx = ai.onnx.preview.training.Gradient<xs = ["x"], zs = ["p"], y = "y">(q, q)
      }
      """, ["x": 100, "p": 100, "q": 3])
    #expect(found == ["dx": [18]])
  }

  @Test("What y does not depend on has gradient 0, and zs are constants") func independent() throws {
    let found = try Self.values(
      """
      g (double x, double z) => (double dx, double dz) {
        s = Mul(x, x)  y = Add(s, s)
        dx, dz = ai.onnx.preview.training.Gradient<xs = ["x", "z"], zs = ["s"], y = "y">(x, z, s)
      }
      """, ["x": 3, "z": 4])
    #expect(found == ["dx": [0], "dz": [0]])
  }

  @Test(
    "What cannot be differentiated is named",
    arguments: [
      (
        "f = Floor(x)  y = Mul(f, x)  d = ai.onnx.preview.training.Gradient<xs = [\"x\"], y = \"y\">(x)",
        "node \"f\" (Floor): no derivative is written for this operator, which Gradient \"d\" needs"
      ),
      (
        "y = Mul(x, x)  d = ai.onnx.preview.training.Gradient<xs = [\"x\"], y = \"w\">(x)",
        "node \"d\" (ai.onnx.preview.training.Gradient): attributes xs, zs and y: no value of the graph is called \"w\""
      ),
      (
        "y = Mul(x, x)  d = ai.onnx.preview.training.Gradient<xs = [\"x\", \"x\"], y = \"y\">(x)",
        "node \"d\" (ai.onnx.preview.training.Gradient): inputs: expected 2, one for each name in xs and zs, found 1"
      ),
      (
        "d = ai.onnx.preview.training.Gradient<xs = [\"x\"], y = \"y\">(x)  y = Mul(x, x)",
        "node \"d\" (ai.onnx.preview.training.Gradient): attributes xs, zs and y: \"y\" is computed behind the node"
      ),
    ]) func refused(nodes: String, message: String) throws
  {
    do {
      _ = try Self.model("g (double x) => (double d) { \(nodes) }")
      Issue.record("nothing was thrown")
    } catch { #expect("\(error)" == "test: " + message) }
  }
}
