import OneiroConformance
import OneiroGraph
import OneiroModel
import OneiroOps
import OneiroRuntime
import Testing

extension RewriteTests {
  private static let fused = "ScaledDotProductAttention"

  /// Spellings of attention, of 2 heads of 4 where nothing else is said.
  static let attentions = [
    Example(
      testDescription: "an attention as our builders write it",
      text: """
        g (float[2,3,8] q, float[2,5,8] k, float[2,5,8] v) => (float[2,3,8] y)
        <int64[4] split = {0, 0, 2, 4}, int64[3] join = {0, 0, 8}, float scale = {0.5}> {
          s = Mul(q, scale)
          qs = Reshape(s, split)  qh = Transpose<perm = [0, 2, 1, 3]>(qs)
          ks = Reshape(k, split)  kh = Transpose<perm = [0, 2, 3, 1]>(ks)
          vs = Reshape(v, split)  vh = Transpose<perm = [0, 2, 1, 3]>(vs)
          m = MatMul(qh, kh)  w = Softmax<axis = -1>(m)  o = MatMul(w, vh)
          oh = Transpose<perm = [0, 2, 1, 3]>(o)  y = Reshape(oh, join)
        }
        """, expected: [fused]),
    Example(
      testDescription: "an attention with the root of the scale on both sides",
      text: """
        g (float[2,3,8] q, float[2,5,8] k, float[2,5,8] v) => (float[2,3,8] y)
        <int64[4] split = {0, 0, 2, 4}, int64[3] join = {0, 0, 8}, float root = {0.7}> {
          qs = Reshape(q, split)  qh = Transpose<perm = [0, 2, 1, 3]>(qs)  qr = Mul(qh, root)
          ks = Reshape(k, split)  kh = Transpose<perm = [0, 2, 1, 3]>(ks)
          kt = Transpose<perm = [0, 1, 3, 2]>(kh)  kr = Mul(root, kt)
          vs = Reshape(v, split)  vh = Transpose<perm = [0, 2, 1, 3]>(vs)
          m = MatMul(qr, kr)  w = Softmax<axis = 3>(m)  o = MatMul(w, vh)
          oh = Transpose<perm = [0, 2, 1, 3]>(o)  y = Reshape(oh, join)
        }
        """, expected: [fused]),
    Example(
      testDescription: "an attention with batch and heads on one axis, and divided scores",
      text: """
        g (float[2,3,8] q, float[2,5,8] k, float[2,5,6] v) => (float[2,3,6] y)
        <int64[4] split = {2, -1, 2, 4}, int64[4] split_v = {2, -1, 2, 3}, int64[3] one = {4, -1, 4}, int64[3] one_v = {4, -1, 3},
         int64[4] two = {2, 2, 3, 3}, int64[3] join = {2, 3, 6}, float root = {2.0}> {
          qs = Reshape(q, split)  qh = Transpose<perm = [0, 2, 1, 3]>(qs)  q3 = Reshape(qh, one)
          ks = Reshape(k, split)  kh = Transpose<perm = [0, 2, 1, 3]>(ks)  k3 = Reshape(kh, one)
          vs = Reshape(v, split_v)  vh = Transpose<perm = [0, 2, 1, 3]>(vs)  v3 = Reshape(vh, one_v)
          kt = Transpose<perm = [0, 2, 1]>(k3)
          m = MatMul(q3, kt)  d = Div(m, root)  w = Softmax(d)  o = MatMul(w, v3)
          o4 = Reshape(o, two)  oh = Transpose<perm = [0, 2, 1, 3]>(o4)  y = Reshape(oh, join)
        }
        """, expected: [fused]),
    Example(
      testDescription: "an attention over parts of one product",
      text: """
        g (float[2,3,24] x) => (float[2,3,8] y)
        <int64[5] split = {2, 3, 3, 2, 4}, int64[3] join = {2, 3, 8}, float scale = {0.5},
         int64 i0 = {0}, int64 i1 = {1}, int64 i2 = {-1}> {
          s = Reshape(x, split)  t = Transpose<perm = [2, 0, 3, 1, 4]>(s)
          q = Gather<axis = 0>(t, i0)  k = Gather<axis = 0>(t, i1)  v = Gather<axis = 0>(t, i2)
          qs = Mul(q, scale)  kt = Transpose<perm = [0, 1, 3, 2]>(k)
          m = MatMul(qs, kt)  w = Softmax(m)  o = MatMul(w, v)
          oh = Transpose<perm = [0, 2, 1, 3]>(o)  y = Reshape(oh, join)
        }
        """, expected: [fused]),
    Example(
      testDescription: "an attention over a split product",
      text: """
        g (float[2,3,24] x) => (float[2,3,8] y)
        <int64[3] sizes = {8, 8, 8}, int64[4] split = {2, 3, 2, 4}, int64[3] join = {2, 3, 8}> {
          a, b, c = Split<axis = 2>(x, sizes)
          qs = Reshape(a, split)  qh = Transpose<perm = [0, 2, 1, 3]>(qs)
          ks = Reshape(b, split)  kh = Transpose<perm = [0, 2, 3, 1]>(ks)
          vs = Reshape(c, split)  vh = Transpose<perm = [0, 2, 1, 3]>(vs)
          m = MatMul(qh, kh)  w = Softmax(m)  o = MatMul(w, vh)
          oh = Transpose<perm = [0, 2, 1, 3]>(o)  y = Reshape(oh, join)
        }
        """, expected: [fused]),
    Example(
      testDescription: "an attention of one head over tokens",
      text: """
        g (float[2,3,8] q, float[2,5,8] k, float[2,5,4] v) => (float[2,3,4] y) {
          t = Transpose<perm = [0, 2, 1]>(k)  m = MatMul(q, t)  w = Softmax(m)  y = MatMul(w, v)
        }
        """, expected: [fused]),
    Example(
      testDescription: "an attention of one head over planes, weights transposed",
      text: """
        g (float[2,8,5] q, float[2,8,5] k, float[2,8,5] v) => (float[2,8,5] y) <float scale = {0.25}> {
          t = Transpose<perm = [0, 2, 1]>(q)  m = MatMul(t, k)  d = Mul(m, scale)  w = Softmax(d)
          r = Transpose<perm = [0, 2, 1]>(w)  y = MatMul(v, r)
        }
        """,
      expected: [
        "Transpose", "Reshape", "Transpose", "Reshape", "Reshape", "Transpose", "Reshape", fused, "Reshape",
        "Transpose", "Reshape",
      ]),
    Example(
      testDescription: "an attention of one head over planes keeps their way to tokens alone",
      text: """
        g (float[2,8,5] q, float[2,8,5] k, float[2,8,5] v) => (float[2,5,8] y)
        <int64[4] split = {0, 0, 1, 8}, int64[3] join = {0, 0, 8}, float scale = {0.35}> {
          qt = Transpose<perm = [0, 2, 1]>(q)  qm = Mul(qt, scale)
          qs = Reshape(qm, split)  qh = Transpose<perm = [0, 2, 1, 3]>(qs)
          kt = Transpose<perm = [0, 2, 1]>(k)  ks = Reshape(kt, split)  kh = Transpose<perm = [0, 2, 3, 1]>(ks)
          vt = Transpose<perm = [0, 2, 1]>(v)  vs = Reshape(vt, split)  vh = Transpose<perm = [0, 2, 1, 3]>(vs)
          m = MatMul(qh, kh)  w = Softmax(m)  o = MatMul(w, vh)
          oh = Transpose<perm = [0, 2, 1, 3]>(o)  y = Reshape(oh, join)
        }
        """, expected: ["Transpose", "Transpose", "Transpose", fused]),
    Example(
      testDescription: "an attention of matrices",
      text: """
        g (float[3,8] q, float[8,5] k, float[5,4] v) => (float[3,4] y) { m = MatMul(q, k)  w = Softmax(m)  y = MatMul(w, v) }
        """, expected: ["Reshape", "Reshape", "Transpose", "Reshape", "Reshape", fused, "Reshape"]),
    Example(
      testDescription: "an attention whose heads stay in front",
      text: """
        g (float[2,3,8] q, float[2,5,8] k, float[2,5,8] v) => (float[2,2,3,4] y) <int64[4] split = {0, 0, 2, 4}> {
          qs = Reshape(q, split)  qh = Transpose<perm = [0, 2, 1, 3]>(qs)
          ks = Reshape(k, split)  kh = Transpose<perm = [0, 2, 3, 1]>(ks)
          vs = Reshape(v, split)  vh = Transpose<perm = [0, 2, 1, 3]>(vs)
          m = MatMul(qh, kh)  w = Softmax(m)  y = MatMul(w, vh)
        }
        """, expected: [fused, "Reshape", "Transpose", "Reshape"]),
    Example(
      testDescription: "an attention whose keys somebody else reads keeps what they need",
      text: """
        g (float[2,3,8] q, float[2,5,8] k, float[2,5,8] v) => (float[2,3,8] y, float[2,2,4,5] kh)
        <int64[4] split = {0, 0, 2, 4}, int64[3] join = {0, 0, 8}> {
          qs = Reshape(q, split)  qh = Transpose<perm = [0, 2, 1, 3]>(qs)
          ks = Reshape(k, split)  kh = Transpose<perm = [0, 2, 3, 1]>(ks)
          vs = Reshape(v, split)  vh = Transpose<perm = [0, 2, 1, 3]>(vs)
          m = MatMul(qh, kh)  w = Softmax(m)  o = MatMul(w, vh)
          oh = Transpose<perm = [0, 2, 1, 3]>(o)  y = Reshape(oh, join)
        }
        """, expected: ["Reshape", "Transpose", fused]),
    Example(
      testDescription: "an attention with a mask stays",
      text: """
        g (float[2,3,8] q, float[2,8,5] k, float[2,5,4] v, float[3,5] mask) => (float[2,3,4] y) {
          m = MatMul(q, k)  a = Add(m, mask)  w = Softmax(a)  y = MatMul(w, v)
        }
        """, expected: ["MatMul", "Add", "Softmax", "MatMul"]),
    Example(
      testDescription: "an attention with a softmax over the queries stays",
      text: """
        g (float[2,3,8] q, float[2,8,5] k, float[2,5,4] v) => (float[2,3,4] y) {
          m = MatMul(q, k)  w = Softmax<axis = 1>(m)  y = MatMul(w, v)
        }
        """, expected: ["MatMul", "Softmax", "MatMul"]),
    Example(
      testDescription: "an attention whose weights are wanted stays",
      text: """
        g (float[2,3,8] q, float[2,8,5] k, float[2,5,4] v) => (float[2,3,4] y, float[2,3,5] w) {
          m = MatMul(q, k)  w = Softmax(m)  y = MatMul(w, v)
        }
        """, expected: ["MatMul", "Softmax", "MatMul"]),
    Example(
      testDescription: "an attention whose scores have a second reader stays",
      text: """
        g (float[2,3,8] q, float[2,8,5] k, float[2,5,4] v) => (float[2,3,4] y, float[2,3,5] n) {
          m = MatMul(q, k)  n = Neg(m)  w = Softmax(m)  y = MatMul(w, v)
        }
        """, expected: ["MatMul", "Neg", "Softmax", "MatMul"]),
    Example(
      testDescription: "an attention with a scale for each query stays",
      text: """
        g (float[2,3,8] q, float[2,8,5] k, float[2,5,4] v) => (float[2,3,4] y) <float[3,1] scale = {1.0, 2.0, 3.0}> {
          m = MatMul(q, k)  s = Mul(m, scale)  w = Softmax(s)  y = MatMul(w, v)
        }
        """, expected: ["MatMul", "Mul", "Softmax", "MatMul"]),
    Example(
      testDescription: "an attention whose keys serve several batches stays",
      text: """
        g (float[2,3,8] q, float[8,5] k, float[5,4] v) => (float[2,3,4] y) { m = MatMul(q, k)  w = Softmax(m)  y = MatMul(w, v) }
        """, expected: ["MatMul", "Softmax", "MatMul"]),
  ]

  @Test(
    "Every attention of the bundled models is fused, whoever exported it",
    arguments: [
      ("unet.onnx", 14), ("eeg_encoder.onnx", 4), ("vae_decoder.onnx", 1), ("vae_encoder.onnx", 1),
      ("dynamo/unet.onnx", 14), ("dynamo/eeg_encoder.onnx", 4),
    ]) func bundled(file: String, count: Int) throws
  {
    let model = try LoadedModel(path: TinyModel.folder + "/" + file).graph
    for batch in 1...2 {
      var inputs: [String: TensorType] = [:]
      for input in model.requiredInputs {
        let type = try #require(input.type?.tensorType)
        inputs[input.name] = TensorType(type.elementType, dims: (type.shape ?? []).map { $0.extent ?? batch })
      }
      let steps = try Planner(backend: try Backend("vector"), threads: 1).plan(model, inputs: inputs).steps
      #expect(steps.count { $0.node.opType == Self.fused } == count)
      #expect(!steps.contains { $0.node.opType == "Softmax" })
    }
  }

  @Test("A fused operator that no plugin takes runs its body") func body() throws {
    var graph = Graph("g", outputs: [ValueInfo("y", nil)])
    var inputs: [String: Tensor] = [:]
    for (index, (name, dims)) in [("q", [2, 3, 8]), ("k", [2, 5, 8]), ("v", [2, 5, 6])].enumerated() {
      let tensor = Tensor(.float64, doubles: Tensor.random(dims, seed: index).doubles(), dims: dims)
      graph.inputs.append(ValueInfo(name, .tensor(.float64, dims: dims)))
      inputs[name] = tensor
    }
    graph.nodes = [
      Node(
        Self.fused, domain: Model.oneiroDomain, name: "attention", inputs: ["q", "k", "v"], outputs: ["y"],
        attributes: ["heads": .int(2)])
    ]
    let types = inputs.mapValues { TensorType($0.elementType, dims: $0.dims) }
    let plan = try Planner(backend: try Backend("vector"), threads: 1).plan(graph, inputs: types)
    #expect(plan.steps.map(\.node.opType).count { $0 == "MatMul" } == 2)
    #expect(plan.steps.allSatisfy { step in step.declined.contains { $0.reason.contains("float64") } })
    var expected = try Session(Planner(backend: try .reference, threads: 1).plan(graph, inputs: types))
    var found = try Session(plan)
    let difference = Agreement(tolerance: 1e-12).difference(
      expected: try expected.run(inputs), found: try found.run(inputs))
    #expect(difference == nil, "\(difference ?? "")")
  }
}
