import OneiroGraph
import OneiroModel
import OneiroQuantization
import OneiroRuntime
import OneiroTestSupport
import Testing

@Suite("Channels of activations are brought closer to each other where that helps")
struct EqualizationTests {
  /// A normalization, of which two products read, some of its channels far larger than the others.
  private static let normalized = """
    <ir_version: 10, opset_import: ["" : 23]>
    g (float[48,64] x) => (float[48,40] y, float[48,24] z) {
      n = LayerNormalization (x, scale, bias)
      [first] y = MatMul (n, wa)
      [second] z = Gemm <transB = 1> (n, wb)
    }
    """

  /// Convolutions with what keeps channels apart between them: a bias, an activation, pooling, a filter a channel.
  private static let convolutions = """
    <ir_version: 10, opset_import: ["" : 23]>
    g (float[2,64,8,8] x) => (float[2,16,4,4] y) {
      [expand] a = Conv (x, wa, scale)
      b = Add (a, wide)
      c = Relu (b)
      [each] d = Conv <group = 64, pads = [1, 1, 1, 1]> (c, wd, bias)
      e = LeakyRelu (d)
      f = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (e)
      [project] y = Conv (f, wb)
    }
    """

  /// The gated linear unit of transformers: one half of a product scales the other.
  private static let gated = """
    <ir_version: 10, opset_import: ["" : 23]>
    g (float[48,64] x) => (float[48,24] y) {
      [up] u = MatMul (x, wa)
      s = Add (u, wide)
      p, q = Split <axis = -1, num_outputs = 2> (s)
      r = Gelu (q)
      m = Mul (p, r)
      [down] y = MatMul (m, wb)
    }
    """

  private static func graph(_ text: String, _ constants: [(String, [Int])], outliers: (String, axis: Int)) throws
    -> Graph
  {
    var graph = try GraphText.parse(text).graph
    for (index, (name, dims)) in constants.enumerated() {
      var tensor = noise(dims, seed: UInt64(index + 3))
      if name == outliers.0 {
        // Every ninth channel is sixty times as large.
        let inner = dims[(outliers.axis + 1)...].reduce(1, *), extent = dims[outliers.axis]
        let elements = tensor.elements(of: Float.self)
        tensor = Tensor(
          elements.enumerated().map { $0 / inner % extent % 9 == 0 ? $1 * 60 : $1 }, dims: dims)
      }
      graph.addInitializer(name, tensor)
    }
    return graph
  }

  private static func planner() throws -> Planner { Planner(backend: try Backend.reference, threads: 1) }

  private func equalized(
    _ graph: Graph, _ x: Tensor, _ scheme: LayerScheme = .w8a8, keep: [String] = []
  ) throws -> Equalization {
    let choices = LayerSelection(scheme, keep: keep).choices(for: QuantizableLayer.all(in: graph))
    return try Equalization(
      graph, choices, runnable: graph, calibration: Calibration([["x": x]], source: "test"), method: .minmax,
      planner: Self.planner())
  }

  private func run(_ graph: Graph, _ x: Tensor) throws -> [String: [Double]] {
    let results = try GraphRunner(graph, planner: Self.planner()).run(["x": .tensor(x)])
    return results.compactMapValues { $0.tensor?.doubles() }
  }

  private func decibels(_ found: [String: [Double]], _ exact: [String: [Double]]) -> Double {
    var noise = QuantizationNoise()
    for (name, values) in exact { noise.add(found[name]!, expected: values) }
    return noise.decibels
  }

  /// What is left of the outputs with all products as w8a8.
  private func decibels(of graph: Graph, _ x: Tensor, exact: [String: [Double]]) throws -> Double {
    let folder = try TemporaryFolder(), source = folder.file("source.onnx"), target = folder.file("target.onnx")
    try ModelWriter.write(Model(graph: graph), to: source)
    let (choices, activations) = try Calibration([["x": x]], source: "test").ranges(
      for: LayerSelection(.w8a8).choices(for: QuantizableLayer.all(in: graph)), in: graph, method: .minmax,
      planner: Self.planner())
    try ModelQuantizer.write(try ModelReader.load(source), from: source, to: target) {
      (graph, stream) throws(GraphError) in
      try GraphQuantizer(graph, choices, activations: activations).write(to: stream)
    }
    return decibels(try run(LoadedModel(try ModelReader.load(target), path: target).graph, x), exact)
  }

  @Test("Outliers behind a normalization cost bits no more, and the function stays")
  func normalization() throws {
    let graph = try Self.graph(
      Self.normalized, [("scale", [64]), ("bias", [64]), ("wa", [64, 40]), ("wb", [24, 64])], outliers: ("scale", 0))
    let x = noise([48, 64], seed: 1), exact = try run(graph, x)
    let result = try equalized(graph, x)
    #expect(result.candidateCount == 1 && result.activations.map(\.value) == ["n"])
    #expect(result.activations[0].layers == ["first", "second"] && result.activations[0].gain > 3)
    #expect(decibels(try run(result.graph, x), exact) > 110)
    #expect(
      try decibels(of: result.graph, x, exact: exact) > decibels(of: graph, x, exact: exact) + 3)
  }

  @Test("Factors go through what keeps channels apart")
  func convolutions() throws {
    let graph = try Self.graph(
      Self.convolutions,
      [
        ("wa", [64, 64, 1, 1]), ("scale", [64]), ("wide", [64, 1, 1]), ("wd", [64, 1, 3, 3]), ("bias", [64]),
        ("wb", [16, 64, 1, 1]),
      ],
      outliers: ("wd", 0))
    let x = noise([2, 64, 8, 8], seed: 1), exact = try run(graph, x)
    let result = try equalized(graph, x)
    #expect(result.candidateCount == 2 && result.activations.map(\.value).contains("f"))
    #expect(decibels(try run(result.graph, x), exact) > 110)
    #expect(
      try decibels(of: result.graph, x, exact: exact) > decibels(of: graph, x, exact: exact) + 3)
  }

  @Test("Factors go into the half of a product that is linear")
  func gates() throws {
    let graph = try Self.graph(
      Self.gated, [("wa", [64, 128]), ("wide", [128]), ("wb", [64, 24])], outliers: ("wa", 1))
    let x = noise([48, 64], seed: 1), exact = try run(graph, x)
    let result = try equalized(graph, x)
    #expect(result.activations.map(\.value) == ["m"])
    #expect(decibels(try run(result.graph, x), exact) > 110)
    #expect(
      try decibels(of: result.graph, x, exact: exact) > decibels(of: graph, x, exact: exact) + 3)
    // The other half stays as it is.
    let before = graph.initializers["wa"]!.elements(of: Float.self)
    let after = result.graph.initializers["wa"]!.elements(of: Float.self)
    #expect(before.indices.allSatisfy { $0 % 128 < 64 || before[$0] == after[$0] })
    #expect(before != after)
  }

  @Test("Little happens where there is little to gain, and nothing where somebody else reads the value")
  func refused() throws {
    let constants: [(String, [Int])] = [("scale", [64]), ("bias", [64]), ("wa", [64, 40]), ("wb", [24, 64])]
    let plain = try Self.graph(Self.normalized, constants, outliers: ("", 0)), x = noise([48, 64], seed: 1)
    let flat = Tensor([Float](repeating: 1, count: 64), dims: [64])
    var even = plain
    even.initializers["scale"] = flat
    even.initializers["bias"] = Tensor([Float](repeating: 0, count: 64), dims: [64])
    // Channels are never quite alike.
    #expect(try equalized(even, x).activations.allSatisfy { $0.gain < 1.5 })
    var outliers = try Self.graph(Self.normalized, constants, outliers: ("scale", 0))
    #expect(try equalized(outliers, x, keep: ["second"]).candidateCount == 0)
    #expect(try equalized(outliers, x, .w4).candidateCount == 0)
    outliers.outputs.append(ValueInfo("n", nil))
    #expect(try equalized(outliers, x).candidateCount == 0)
  }

  @Test("Activations that a layer reads as they are in the end stay as they were")
  func settled() throws {
    let graph = try Self.graph(
      Self.normalized, [("scale", [64]), ("bias", [64]), ("wa", [64, 40]), ("wb", [24, 64])], outliers: ("scale", 0))
    let result = try equalized(graph, noise([48, 64], seed: 1)), layers = QuantizableLayer.all(in: graph)
    for (keep, count) in [([], 1), (["second"], 0), (["first", "second"], 0)] {
      let settled = try result.settled(for: graph, LayerSelection(.w8a8, keep: keep).choices(for: layers))
      #expect(settled.activations.count == count && settled.candidateCount == count)
      for (name, tensor) in (count == 0 ? graph : result.graph).initializers {
        let found = settled.graph.initializers[name]
        #expect(found?.elements(of: Float.self) == tensor.elements(of: Float.self), "\(name)")
      }
    }
  }

  @Test("A recipe's factors give the same graph, and others are refused")
  func recipes() throws {
    let graph = try Self.graph(
      Self.normalized, [("scale", [64]), ("bias", [64]), ("wa", [64, 40]), ("wb", [24, 64])], outliers: ("scale", 0))
    let result = try equalized(graph, noise([48, 64], seed: 1))
    let choices = LayerSelection(.w8a8).choices(for: QuantizableLayer.all(in: graph))
    let again = try Equalization(graph, choices, replaying: result.activations)
    for (name, tensor) in result.graph.initializers {
      #expect(again.graph.initializers[name]?.elements(of: Float.self) == tensor.elements(of: Float.self), "\(name)")
    }
    let known = result.activations[0]
    let stranger = EqualizedActivation(
      value: "m", layers: known.layers, exponent: 0.5, factors: known.factors, gain: 1)
    let error = #expect(throws: GraphError.self) { _ = try Equalization(graph, choices, replaying: [stranger]) }
    #expect(
      error?.description
        == "activation \"m\" of the recipe: expected an activation of 64 channels that can be equalized, found none of that name"
    )
  }
}
