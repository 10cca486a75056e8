import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Models that ask for what cannot be done are refused by node and value") struct BadModelTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    /// What the message has to hold: the node, the value or attribute, what was found.
    let words: [String]

    init(_ description: String, _ text: String, _ words: String...) {
      (testDescription, self.text, self.words) = (description, text, words)
    }
  }

  static let attributes = [
    Example(
      "an axis past the rank", "g (float[2,3] x) => (float[2,3] y) { [n] y = Softmax<axis = 2>(x) }", "\"n\" (Softmax)",
      "axis", "-2 ... 1", "2"),
    Example(
      "an axis of the lowest number",
      "g (float[2,3] x) => (float[] y) { [n] y = Concat<axis = -9223372036854775808>(x, x) }", "\"n\" (Concat)", "axis",
      "-9223372036854775808"),
    Example(
      "a permutation with one axis twice", "g (float[2,3] x) => (float[] y) { [n] y = Transpose<perm = [1, 1]>(x) }",
      "\"n\" (Transpose)", "perm"),
    Example(
      "an attribute that nobody knows", "g (float[2] x) => (float[2] y) { [n] y = Relu<slope = 0.5>(x) }",
      "\"n\" (Relu)", "slope"),
    Example(
      "an attribute of another kind", "g (float[2] x) => (float[2] y) { [n] y = LeakyRelu<alpha = 1>(x) }",
      "\"n\" (LeakyRelu)", "alpha", "float", "int"),
    Example(
      "groups that do not divide the channels",
      "g (float[1,3,4] x, float[4,1,1] w) => (float[] y) { [n] y = Conv<group = 2>(x, w) }", "\"n\" (Conv)"),
    Example(
      "no groups", "g (float[1,4,4] x, float[4,1,1] w) => (float[] y) { [n] y = Conv<group = 0>(x, w) }",
      "\"n\" (Conv)", "group"),
    Example(
      "a stride of zero", "g (float[1,1,4] x) => (float[] y) { [n] y = MaxPool<kernel_shape = [2], strides = [0]>(x) }",
      "\"n\" (MaxPool)", "strides"),
    Example(
      "pads that reach past everything",
      "g (float[1,1,4] x) => (float[] y) { [n] y = AveragePool<kernel_shape = [2], pads = [9223372036854775807, 1]>(x) }",
      "\"n\" (AveragePool)", "pads"),
    Example(
      "a window larger than its input", "g (float[1,1,4] x, float[1,1,9] w) => (float[] y) { [n] y = Conv(x, w) }",
      "\"n\" (Conv)"),
    Example(
      "a dilation of the largest number",
      "g (float[1,1,4] x, float[1,1,2] w) => (float[] y) { [n] y = Conv<dilations = [9223372036854775807]>(x, w) }",
      "\"n\" (Conv)"),
    Example(
      "a Cast to nothing", "g (float[2] x) => (float[] y) { [n] y = Cast<to = 99>(x) }", "\"n\" (Cast)", "to", "99"),
    Example(
      "a direction that there is not",
      "g (float[1,1,1] x, float[1,4,1] w, float[1,4,1] r) => (float[] y) { [n] y = LSTM<hidden_size = 1, direction = \"up\">(x, w, r) }",
      "\"n\" (LSTM)", "direction", "up"),
    Example(
      "blocks that do not divide the picture",
      "g (float[1,1,3,3] x) => (float[] y) { [n] y = SpaceToDepth<blocksize = 2>(x) }", "\"n\" (SpaceToDepth)"),
    Example(
      "blocks of zero", "g (float[1,4,3,3] x) => (float[] y) { [n] y = DepthToSpace<blocksize = 0>(x) }",
      "\"n\" (DepthToSpace)", "blocksize"),
    Example(
      "an Einsum of other ranks", "g (float[2,3] x) => (float[] y) { [n] y = Einsum<equation = \"ijk->i\">(x) }",
      "\"n\" (Einsum)"),
    Example(
      "more heads than elements",
      "g (float[1,2,6] x) => (float[] y) { [n] y = Attention<q_num_heads = 4, kv_num_heads = 4>(x, x, x) }",
      "\"n\" (Attention)"),
  ]

  static let values = [
    Example(
      "a division of integers by zero",
      "g () => (int64[2] y) <int64[2] a = {1, 2}, int64[2] b = {1, 0}> { [n] y = Div(a, b) }", "\"n\" (Div)", "zero"),
    Example(
      "a remainder by zero", "g () => (int32[1] y) <int32[1] a = {1}, int32[1] b = {0}> { [n] y = Mod(a, b) }",
      "\"n\" (Mod)", "zero"),
    Example(
      "a Gather out of bounds", "g (float[3] x) => (float[] y) <int64[1] i = {3}> { [n] y = Gather(x, i) }",
      "\"n\" (Gather)", "3"),
    Example(
      "a Gather far below",
      "g (float[3] x) => (float[] y) <int64[1] i = {-9223372036854775808}> { [n] y = Gather(x, i) }", "\"n\" (Gather)",
      "-9223372036854775808"),
    Example(
      "a GatherND out of bounds", "g (float[3,2] x) => (float[] y) <int64[1,2] i = {0, 2}> { [n] y = GatherND(x, i) }",
      "\"n\" (GatherND)", "2"),
    Example(
      "a ScatterElements out of bounds",
      "g (float[3] x, float[1] u) => (float[] y) <int64[1] i = {5}> { [n] y = ScatterElements(x, i, u) }",
      "\"n\" (ScatterElements)", "5"),
    Example(
      "a Reshape to another count", "g (float[2,3] x) => (float[] y) <int64[2] s = {4, 2}> { [n] y = Reshape(x, s) }",
      "\"n\" (Reshape)"),
    Example(
      "a Reshape to more than there can be",
      "g (float[2,3] x) => (float[] y) <int64[2] s = {4611686018427387904, 4611686018427387904}> { [n] y = Reshape(x, s) }",
      "\"n\" (Reshape)"),
    Example(
      "an Expand to more than there can be",
      "g (float[1] x) => (float[] y) <int64[3] s = {1099511627776, 1099511627776, 2}> { [n] y = Expand(x, s) }",
      "\"n\" (Expand)"),
    Example(
      "a Tile of the largest number",
      "g (float[2] x) => (float[] y) <int64[1] s = {9223372036854775807}> { [n] y = Tile(x, s) }", "\"n\" (Tile)"),
    Example(
      "a ConstantOfShape of a negative extent",
      "g () => (float[] y) <int64[2] s = {2, -1}> { [n] y = ConstantOfShape(s) }", "\"n\" (ConstantOfShape)", "-1"),
    Example(
      "a Pad that takes away more than there is",
      "g (float[2] x) => (float[] y) <int64[2] p = {-3, -3}> { [n] y = Pad(x, p) }", "\"n\" (Pad)"),
    Example(
      "a Range without end",
      "g () => (int64[] y) <int64 a = {0}, int64 b = {1}, int64 c = {0}> { [n] y = Range(a, b, c) }", "\"n\" (Range)"),
    Example(
      "a Range too long",
      "g () => (int64[] y) <int64 a = {-9223372036854775808}, int64 b = {9223372036854775807}, int64 c = {1}> { [n] y = Range(a, b, c) }",
      "\"n\" (Range)"),
    Example(
      "a TopK of more than there are",
      "g (float[3] x) => (float[] v, int64[] i) <int64[1] k = {4}> { [n] v, i = TopK(x, k) }", "\"n\" (TopK)", "4"),
    Example(
      "a OneHot of negative depth",
      "g (int64[2] x) => (float[] y) <int64 d = {-4}, float[2] v = {0.0, 1.0}> { [n] y = OneHot(x, d, v) }",
      "\"n\" (OneHot)", "-4"),
    Example(
      "a Split into other sizes",
      "g (float[4] x) => (float[] a, float[] b) <int64[2] s = {3, 3}> { [n] a, b = Split(x, s) }", "\"n\" (Split)"),
    Example(
      "an Unsqueeze of one axis twice",
      "g (float[4] x) => (float[] y) <int64[2] a = {0, 0}> { [n] y = Unsqueeze(x, a) }", "\"n\" (Unsqueeze)"),
    Example(
      "a Squeeze of an axis of 4", "g (float[4] x) => (float[] y) <int64[1] a = {0}> { [n] y = Squeeze(x, a) }",
      "\"n\" (Squeeze)"),
    Example(
      "a Slice with steps of zero",
      "g (float[4] x) => (float[] y) <int64[1] s = {0}, int64[1] e = {4}, int64[1] z = {0}> { [n] y = Slice(x, s, e, s, z) }",
      "\"n\" (Slice)"),
  ]

  @Test("A node", arguments: attributes + values) func refused(example: Example) throws {
    for backend in ["reference", "onednn"] {
      let message = try message("<ir_version: 10, opset_import: [\"\" : 23]>\n" + example.text, backend)
      for word in example.words { #expect(message.contains(word), "\(backend): \(message)") }
    }
  }

  @Test("A Loop without end") func endless() throws {
    let text = """
      <ir_version: 10, opset_import: ["" : 23]>
      g () => (float z) <bool yes = {1}, float one = {1.0}> {
        [n] z = Loop<body = b (int64 i, bool c, float v) => (bool d, float w) { d = Identity(c)  w = Add(v, v) }>(, yes, one)
      }
      """
    let message = try message(text, "reference")
    #expect(message.contains("\"n\" (Loop)") && message.contains("did not end within 1048576 rounds"), "\(message)")
  }

  @Test("The lowest integer by -1 wraps, on every backend", arguments: ["reference", "vector", "onednn", "openblas"])
  func lowest(backend: String) throws {
    let text = """
      <ir_version: 10, opset_import: ["" : 23]>
      g (int64[1] a, int64[1] b, int32[1] c, int32[1] d) => (int64[1] q, int32[1] p, int64[1] r) {
        q = Div(a, b)  p = Div(c, d)  r = Mod(a, b)
      }
      """
    let found = try run(
      text, backend,
      ["a": .ints([.min]), "b": .ints([-1]), "c": Tensor([Int32.min], dims: [1]), "d": Tensor([Int32(-1)], dims: [1])])
    #expect(found["q"]?.int64s() == [.min] && found["p"]?.int64s() == [Int64(Int32.min)] && found["r"]?.int64s() == [0])
  }

  @Test("Integers by zero that only a run brings", arguments: ["reference", "vector", "onednn", "openblas"])
  func runZero(backend: String) throws {
    let text = """
      <ir_version: 10, opset_import: ["" : 23]>
      g (int64[40] a, int64[40] b) => (int64[40] q) { [n] q = Div(a, b) }
      """
    var divisors = [Int64](repeating: 3, count: 40)
    divisors[37] = 0
    #expect {
      try run(text, backend, ["a": .ints([Int64](repeating: 7, count: 40)), "b": .ints(divisors)])
    } throws: { "\($0)".contains("\"n\" (Div)") && "\($0)".contains("zero") }
  }

  @Test("Functions that call themselves, or each other") func recursion() throws {
    let header = "<ir_version: 10, opset_import: [\"\" : 23, \"own\" : 1]>\n"
    let function = { (name: String, callee: String) in
      "<domain: \"own\", opset_import: [\"\" : 23, \"own\" : 1]> \(name) (a) => (b) { b = own.\(callee)(a) }\n"
    }
    let main = "g (float[1] x) => (float[1] y) { y = own.f(x) }\n"
    for functions in [function("f", "f"), function("f", "h") + function("h", "f")] {
      let message = try message(header + main + functions, "reference")
      #expect(message.contains("own.f") && message.contains("itself"), "\(message)")
    }
  }

  private func run(_ text: String, _ backend: String, _ inputs: [String: Tensor]? = nil) throws -> [String: Tensor] {
    let model = try LoadedModel(GraphText.parse(text), path: "model")
    var given = inputs ?? [:]
    if inputs == nil {
      for input in model.graph.requiredInputs {
        let type = try #require(input.type?.tensorType), dims = try #require(type.dims)
        given[input.name] = type.elementType == .float32 ? .random(dims) : .randomInts(type.elementType, dims, 0...1)
      }
    }
    return try GraphRunner(model.graph, planner: Planner(backend: try Backend(backend), threads: 2))
      .run(given.mapValues(Value.tensor)).compactMapValues(\.tensor)
  }

  private func message(_ text: String, _ backend: String) throws -> String {
    do { _ = try run(text, backend) } catch { return "\(error)" }
    return "nothing was thrown"
  }
}
