import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Weights of 16 bits in sessions") struct NarrowConstantTests {
  private struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let op: String
    let input: [Int]
    let weights: [Int]
    var bias: [Int]?
    var attributes: [String: Attribute] = [:]

    func graph(_ form: (Tensor) -> Tensor) -> Graph {
      var graph = Graph(
        "g", inputs: [ValueInfo("x", .tensor(.float32, dims: input))], outputs: [ValueInfo("y", nil)],
        nodes: [Node(op, inputs: bias == nil ? ["x", "w"] : ["x", "w", "b"], outputs: ["y"], attributes: attributes)])
      graph.addInitializer("w", form(.random(weights)))
      if let bias { graph.addInitializer("b", form(.random(bias, seed: 2))) }
      return graph
    }
  }

  private static let cases = [
    Case(testDescription: "Conv", op: "Conv", input: [1, 16, 9, 9], weights: [24, 16, 3, 3], bias: [24]),
    Case(testDescription: "Conv of 1 x 1", op: "Conv", input: [1, 16, 9, 9], weights: [24, 16, 1, 1], bias: [24]),
    Case(
      testDescription: "grouped Conv", op: "Conv", input: [1, 16, 9, 9], weights: [16, 4, 3, 3],
      attributes: ["group": .int(4)]),
    Case(
      testDescription: "ConvTranspose", op: "ConvTranspose", input: [1, 8, 5, 5], weights: [8, 6, 3, 3], bias: [6]),
    Case(testDescription: "MatMul", op: "MatMul", input: [2, 5, 16], weights: [16, 24]),
    Case(testDescription: "MatMul of batches", op: "MatMul", input: [2, 5, 16], weights: [2, 16, 24]),
    Case(testDescription: "Gemm", op: "Gemm", input: [5, 16], weights: [16, 24], bias: [24]),
    Case(
      testDescription: "Gemm, transposed and scaled", op: "Gemm", input: [5, 16], weights: [24, 16], bias: [5, 24],
      attributes: ["transB": .int(1), "alpha": .float(0.5), "beta": .float(2)]),
    Case(testDescription: "Add", op: "Add", input: [5, 16], weights: [5, 16]),
  ]

  private func result(_ graph: Graph, _ backend: String, _ options: RunOptions = RunOptions()) throws -> Tensor {
    let dims = try #require(graph.inputs[0].type?.tensorType?.dims)
    let plan = try Planner(backend: try Backend(backend), threads: 1).plan(
      graph, inputs: ["x": TensorType(.float32, dims: dims)])
    var session = try Session(plan)
    return try #require(try session.run(["x": .random(dims, seed: 3)], options)["y"])
  }

  private static func halves(_ tensor: Tensor) -> Tensor {
    Tensor(.float16, doubles: tensor.doubles(), dims: tensor.dims).widening()
  }
  private static func brains(_ tensor: Tensor) -> Tensor {
    Tensor(.bfloat16, doubles: tensor.doubles(), dims: tensor.dims).widening()
  }
  private static func wide(_ tensor: Tensor) -> Tensor { Tensor(tensor.elements(of: Float.self), dims: tensor.dims) }

  @Test("The same numbers as of the widened weights", arguments: ["onednn", "openblas", "vector", "reference"], cases)
  private func exact(backend: String, each: Case) throws {
    for narrow in [Self.halves, Self.brains] {
      let expected = try result(each.graph { Self.wide(narrow($0)) }, backend)
      var options = RunOptions()
      options.checksFinite = true
      let found = try result(each.graph(narrow), backend, options)
      #expect(Agreement(tolerance: 0).difference(expected: ["y": expected], found: ["y": found]) == nil)
    }
  }

  @Test("An infinite weight that has no data of its own counts among the inputs that are infinite") func infinity()
    throws
  {
    var graph = Self.cases[6].graph(Self.halves)
    graph.initializers["w"] = Self.halves(Tensor.random([16, 24]).replacing([0: .infinity]))
    var options = RunOptions()
    options.checksFinite = true
    let y = try result(graph, "onednn", options)
    #expect(y.elements(of: Float.self).contains { $0.isInfinite })
  }

  @Test("What planning moves about stays narrow") func folding() throws {
    for node in [
      Node("Reshape", inputs: ["w", "shape"], outputs: ["v"]), Node("Flatten", inputs: ["w"], outputs: ["v"]),
      Node("Transpose", inputs: ["w"], outputs: ["v"], attributes: ["perm": .ints([1, 0])]),
      Node("Concat", inputs: ["w", "w"], outputs: ["v"], attributes: ["axis": .int(1)]),
      Node("Slice", inputs: ["w", "zero", "two"], outputs: ["v"]),
      Node("Gather", inputs: ["w", "two"], outputs: ["v"]),
    ] {
      var graph = Graph(
        "g", inputs: [ValueInfo("x", .tensor(.float32, dims: [1]))], outputs: [ValueInfo("y", nil)],
        nodes: [node, Node("Mul", inputs: ["v", "x"], outputs: ["y"])])
      graph.addInitializer("shape", .ints([4, 3]))
      graph.addInitializer("zero", .ints([0]))
      graph.addInitializer("two", .ints([2]))
      graph.addInitializer("w", Self.halves(.random([6, 2])))
      let types = ["x": TensorType(.float32, dims: [1])]
      let plan = try Planner(backend: try .reference, threads: 1).plan(graph, inputs: types)
      #expect(plan.constants.map(\.stored?.type) == [.float16], "\(node.opType)")
      let found = try result(graph, "reference")
      graph.initializers["w"] = Self.wide(graph.initializers["w"]!)
      let expected = try result(graph, "reference")
      #expect(Agreement(tolerance: 0).difference(expected: ["y": expected], found: ["y": found]) == nil)
    }
  }

  @Test("What planning computes is float32") func computing() throws {
    var graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(.float32, dims: [1]))], outputs: [ValueInfo("y", nil)],
      nodes: [
        Node("Concat", inputs: ["w", "f"], outputs: ["v"], attributes: ["axis": .int(0)]),
        Node("Neg", inputs: ["v"], outputs: ["u"]), Node("Mul", inputs: ["u", "x"], outputs: ["y"]),
      ])
    graph.addInitializer("w", Self.halves(.full([2], 2)))
    graph.addInitializer("f", .full([1], 3))
    let plan = try Planner(backend: try .reference, threads: 1).plan(
      graph, inputs: ["x": TensorType(.float32, dims: [1])])
    #expect(plan.constants.map { $0.elements(of: Float.self) } == [[-2, -2, -3]] && !plan.constants[0].isNarrow)
  }

  /// A kernel for Mul that does not multiply: it tells in which type B came to `prepare` and B's third element there,
  /// the same element in `compute` (-1 without data), and whether the node has storage types.
  private static func plugin(flags: String) -> String {
    """
    #include "oneiro_kernel.h"
    static int32_t supports(const oneiro_node *node, oneiro_text *why) { return ONEIRO_OK; }
    static float third, type;
    static int32_t prepare(oneiro_call *call) {
      const oneiro_node *node = call->node;
      type = oneiro_input_storage(node, 1);
      if (node->inputs[1].element_type != ONEIRO_FLOAT32 || node->inputs[1].byte_count != 16) return ONEIRO_FAILED;
      if (type == ONEIRO_FLOAT32) third = ((const float *)node->inputs[1].data)[2];
      else third = ((const uint16_t *)node->inputs[1].data)[2];
      return ONEIRO_OK;
    }
    static int32_t compute(const oneiro_call *call) {
      float *y = call->outputs[0].data;
      y[0] = type;
      y[1] = third;
      y[2] = call->inputs[1].data ? ((const float *)call->inputs[1].data)[2] : -1;
      y[3] = call->node->input_storage ? 1 : 0;
      return ONEIRO_OK;
    }
    int32_t oneiro_plugin_register(const oneiro_host *host) {
      oneiro_kernel kernel = {.struct_size = \(flags.isEmpty ? "offsetof(oneiro_kernel, flags)" : "sizeof kernel"),
        .since_version = 1, .op_type = "Mul", .domain = "", .isa = "", .supports = supports, .prepare = prepare,
        .compute = compute\(flags)};
      return host->add_kernel(host->context, &kernel);
    }
    """
  }

  private func answer(_ flags: String, _ form: (Tensor) -> Tensor) throws -> [Float] {
    let library = try CCompiler.build("libOneiroNarrow", Self.plugin(flags: flags))
    let graph = Case(testDescription: "", op: "Mul", input: [4], weights: [4]).graph { _ in
      form(Tensor([0, 1, 2, 3] as [Float], dims: [4]))
    }
    return try result(graph, library).elements(of: Float.self)
  }

  @Test("A kernel without the flag sees float32", .enabled(if: CCompiler.path != nil, "needs a C compiler"))
  func withoutFlag() throws {
    #expect(try answer("", Self.halves) == [1, 2, 2, 0])
    #expect(try answer("", { $0 }) == [1, 2, 2, 0])
  }

  @Test("A kernel with the flag sees 16 bits once", .enabled(if: CCompiler.path != nil, "needs a C compiler"))
  func withFlag() throws {
    let flag = ", .flags = ONEIRO_KERNEL_READS_NARROW"
    #expect(try answer(flag, Self.halves) == [10, Float(Float16(2).bitPattern), -1, 1])
    #expect(try answer(flag, Self.brains) == [16, Float(BFloat16(Float(2)).bitPattern), -1, 1])
    #expect(try answer(flag, { $0 }) == [1, 2, 2, 0])
  }
}
