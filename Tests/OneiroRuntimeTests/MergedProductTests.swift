import Glibc
import OneiroConformance
import OneiroGraph
import OneiroPasses
import OneiroRuntime
import Testing

extension RewriteTests {
  private static let fused = "ScaledDotProductAttention"
  private static let weights = """
    float[2,2] a = {1.0, 2.0, 3.0, 4.0}, float[2,2] b = {-1.0, 0.5, 0.25, 2.0},
    float[2,3] c = {0.5, 1.5, -2.0, 1.0, 0.0, 3.0}
    """
  private static let attention =
    "t = Transpose<perm = [0, 2, 1]>(k)  m = MatMul(q, t)  s = Softmax(m)  y = MatMul(s, v)"
  private static let quantizedWeights = """
    float r = {0.05}, uint8 p = {120}, int8[2,2] a = {1, -2, 3, 4}, int8[2,2] b = {-5, 60, 7, -128},
    int8[2,3] c = {1, 2, 3, 4, 5, 60}, float f = {0.5}, float[2] g = {0.25, 0.1}, float[3] h = {0.1, 0.2, 0.3},
    int8[3] o = {1, -2, 3}, float[2] e = {1.0, -1.0}
    """

  /// Attentions of one head over the products of x, and where they stay three products.
  static let merges = [
    Example(
      testDescription: "three products that one attention reads",
      text: """
        g (float[2,3,2] x) => (float[2,3,3] y) <\(weights)> {
          q = MatMul(x, a)  k = MatMul(x, b)  v = MatMul(x, c)  \(attention)
        }
        """, expected: ["MatMul", fused]),
    Example(
      testDescription: "three products, two of them with a bias",
      text: """
        g (float[2,3,2] x) => (float[2,3,3] y) <\(weights), float[2] d = {1.0, -1.0}, float[3] e = {0.5, 0.25, 2.0}> {
          n = MatMul(x, a)  q = Add(n, d)  o = MatMul(x, b)  k = Add(d, o)  w = MatMul(x, c)  v = Add(w, e)  \(attention)
        }
        """, expected: ["Reshape", "Gemm", "Reshape", fused]),
    Example(
      testDescription: "three Gemms with transposed weights, one without a bias",
      text: """
        g (float[3,2] x) => (float[1,3,3] y)
        <float[2,2] a = {1.0, 2.0, 3.0, 4.0}, float[2,2] b = {-1.0, 0.5, 0.25, 2.0}, float[3,2] c = {0.5, 1.5, -2.0, 1.0, 0.0, 3.0},
         float[2] d = {1.0, -1.0}, float e = {0.5}, int64[3] shape = {1, 3, -1}> {
          n = Gemm<transB = 1>(x, a)  q = Reshape(n, shape)  o = Gemm<transB = 1>(x, b, d)  k = Reshape(o, shape)
          w = Gemm<transB = 1>(x, c, e)  v = Reshape(w, shape)  \(attention)
        }
        """, expected: ["Gemm", "Reshape", fused]),
    Example(
      testDescription: "three quantized products, with scales, zero points and a bias of several kinds",
      text: """
        g (float[2,3,2] x) => (float[2,3,3] y) <\(quantizedWeights)> {
          i = QuantizeLinear(x, r, p)  j = DequantizeLinear(i, r, p)
          l = DequantizeLinear(a, f)  n = DequantizeLinear<axis = 1>(b, g)  u = DequantizeLinear<axis = 1>(c, h, o)
          q = MatMul(j, l)  w = MatMul(j, n)  k = Add(w, e)  v = MatMul(j, u)  \(attention)
        }
        """, expected: ["QuantizeLinear", "Reshape", "QuantizedGemm", "Reshape", fused]),
    Example(
      testDescription: "quantized products of the same rows at different scales stay three",
      text: """
        g (uint8[1,3,2] x) => (float[1,3,3] y) <\(quantizedWeights), float z = {0.06}> {
          i = DequantizeLinear(x, r, p)  j = DequantizeLinear(x, z, p)
          l = DequantizeLinear(a, f)  n = DequantizeLinear<axis = 1>(b, g)  u = DequantizeLinear<axis = 1>(c, h, o)
          q = MatMul(j, l)  k = MatMul(i, n)  v = MatMul(j, u)  \(attention)
        }
        """,
      expected: [
        "Reshape", "QuantizedGemm", "Reshape", "Reshape", "QuantizedGemm", "Reshape", "Reshape", "QuantizedGemm",
        "Reshape", fused,
      ]),
    Example(
      testDescription: "products of which somebody else reads one stay three",
      text: """
        g (float[2,3,2] x) => (float[2,3,3] y, float[2,3,2] k) <\(weights)> {
          q = MatMul(x, a)  k = MatMul(x, b)  v = MatMul(x, c)  \(attention)
        }
        """, expected: ["MatMul", "MatMul", "MatMul", fused]),
    Example(
      testDescription: "products of different rows stay three",
      text: """
        g (float[2,3,2] x, float[2,3,2] z) => (float[2,3,3] y) <\(weights)> {
          q = MatMul(x, a)  k = MatMul(z, b)  v = MatMul(z, c)  \(attention)
        }
        """, expected: ["MatMul", "MatMul", "MatMul", fused]),
    Example(
      testDescription: "a product that is scaled beside two that are not stay three",
      text: """
        g (float[3,2] x) => (float[1,3,3] y) <\(weights), int64[3] shape = {1, 3, -1}> {
          n = Gemm<alpha = 0.5>(x, a)  q = Reshape(n, shape)  o = Gemm(x, b)  k = Reshape(o, shape)
          w = Gemm(x, c)  v = Reshape(w, shape)  \(attention)
        }
        """, expected: ["Gemm", "Gemm", "Gemm", "Reshape", "Reshape", "Reshape", fused]),
    Example(
      testDescription: "a product whose weights come with a run leaves three",
      text: """
        g (float[2,3,2] x, float[2,2] w) => (float[2,3,3] y) <\(weights)> {
          q = MatMul(x, w)  k = MatMul(x, b)  v = MatMul(x, c)  \(attention)
        }
        """, expected: ["MatMul", "MatMul", "MatMul", fused]),
  ]
}

@Suite("Products that one attention reads, in sessions") struct MergedProductTests {
  private static let width = 320
  private static let x = Tensor.random([2, 5, width], seed: 9)

  /// Weights that take whole pages.
  private static func graph(_ form: (Tensor) -> Tensor = { $0 }) -> Graph {
    var graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(.float32, [.known(x.dims[0]), .unknown, .known(width)]))],
      outputs: [ValueInfo("y", nil)],
      nodes: ["q", "k", "v"].map { Node("MatMul", inputs: ["x", "\($0)_weights"], outputs: [$0]) } + [
        Node(
          "ScaledDotProductAttention", domain: Model.oneiroDomain, inputs: ["q", "k", "v"], outputs: ["y"],
          attributes: ["heads": .int(8)])
      ])
    for (seed, name) in ["q", "k", "v"].enumerated() {
      graph.addInitializer("\(name)_weights", form(.random([width, width], -0.1...0.1, seed: seed)))
    }
    return graph
  }

  private static func plan(
    _ graph: Graph, _ backend: String, rewrites: RewriteSettings = RewriteSettings(), maxMemory: Int? = nil,
    rows: Int = x.dims[1], tuning: Tuning = .off
  ) throws -> ExecutionPlan {
    try Planner(backend: try Backend(backend), threads: 2, tuning: tuning, rewrites: rewrites, maxMemory: maxMemory)
      .plan(
        graph, inputs: ["x": TensorType(.float32, dims: [x.dims[0], rows, width])])
  }

  @Test("They are one product, with the same results", arguments: ["onednn", "openblas", "vector", "reference"])
  func merges(backend: String) throws {
    for form in [{ $0 }, { Tensor(.float16, doubles: $0.doubles(), dims: $0.dims).widening() }] as [(Tensor) -> Tensor]
    {
      let graph = Self.graph(form), plan = try Self.plan(graph, backend)
      #expect(plan.steps.map(\.node.opType) == ["MatMul", "ScaledDotProductAttention"])
      var found = try Session(plan), expected = try Session(try Self.plan(graph, backend, rewrites: .none))
      let difference = Agreement(tolerance: 1e-5).difference(
        expected: try expected.run(["x": Self.x]), found: try found.run(["x": Self.x]))
      #expect(difference == nil, "\(difference ?? "")")
    }
  }

  @Test("What a kernel has packed of joined weights leaves memory") func packed() throws {
    let plan = try Self.plan(Self.graph(), "vector"), session = try Session(plan)
    let weights = try #require(plan.constants.first { $0.dims == [Self.width, 3 * Self.width] }?.storage)
    let pages = weights.byteCount / Int(MappedPages.pageByteCount)
    var isResident = [UInt8](repeating: 1, count: pages)
    let status = mincore(
      UnsafeMutableRawPointer(mutating: weights.address), pages * Int(MappedPages.pageByteCount), &isResident)
    #expect(status == 0 && isResident.allSatisfy { $0 & 1 == 0 })
    #expect(session.plan.steps.count == 2)
  }

  /// Two kernels that pack the largest of B's elements, the first of which is far slower.
  private static let rivals = """
    #include "oneiro_kernel.h"
    #include <stdlib.h>
    #include <time.h>
    static int32_t supports(const oneiro_node *node, oneiro_text *why) { return ONEIRO_OK; }
    static int32_t prepare(oneiro_call *call) {
      const float *b = call->inputs[1].data;
      float *largest = calloc(1, sizeof *largest);
      for (size_t i = 0; i < call->inputs[1].byte_count / sizeof *b; i++) if (b[i] > *largest) *largest = b[i];
      call->state = largest;
      oneiro_set_packed(call, 1);
      return ONEIRO_OK;
    }
    static int32_t compute(const oneiro_call *call) {
      float *y = call->outputs[0].data;
      for (size_t i = 0; i < call->outputs[0].byte_count / sizeof *y; i++) y[i] = *(const float *)call->state;
      return ONEIRO_OK;
    }
    static int32_t compute_slowly(const oneiro_call *call) {
      nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
      return compute(call);
    }
    int32_t oneiro_plugin_register(const oneiro_host *host) {
      oneiro_kernel kernel = {.struct_size = sizeof kernel, .since_version = 13, .op_type = "MatMul", .domain = "",
        .isa = "", .supports = supports, .prepare = prepare, .release = free};
      kernel.method = "slow";
      kernel.compute = compute_slowly;
      int32_t status = host->add_kernel(host->context, &kernel);
      kernel.method = "quick";
      kernel.compute = compute;
      return status ? status : host->add_kernel(host->context, &kernel);
    }
    """

  @Test(
    "A kernel packs joined weights that another one had packed before",
    .enabled(if: CCompiler.path != nil, "needs a C compiler")) func rivals() throws
  {
    let library = try CCompiler.build("libOneiroRivals", Self.rivals), graph = Self.graph()
    let plan = try Self.plan(graph, library, tuning: .quick)
    #expect(plan.steps[0].kernel.isa.contains("quick"))
    var session = try Session(plan)
    let largest = try #require(graph.initializers.values.compactMap { $0.elements(of: Float.self).max() }.max())
    let y = try #require(try session.run(["x": Self.x])["y"]).elements(of: Float.self)
    #expect(y.allSatisfy { abs($0 - largest) < 1e-6 })
  }

  @Test("They stay three where the attention would read them from all over memory") func large() throws {
    for (rows, count) in [(2184, 1), (2185, 3)] {
      let steps = try Self.plan(Self.graph(), "reference", rows: rows).steps
      #expect(steps.count { $0.node.opType == "MatMul" } == count)
    }
  }

  @Test("They stay three in a plan that is held to an amount of memory") func bound() throws {
    let steps = try Self.plan(Self.graph(), "vector", maxMemory: 1 << 50).steps
    #expect(steps.count { $0.node.opType == "MatMul" } == 3)
  }
}
