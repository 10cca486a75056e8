import Foundation
import OneiroGraph
import OneiroModel
import OneiroQuantization
import OneiroRuntime
import OneiroTestSupport
import Testing

@Suite("Graphs with quantized layers compute nearly the same, and come back from a file as they were written")
struct GraphQuantizerTests {
  private static let products = """
    <ir_version: 8, opset_import: ["" : 23]>
    g (float[N,64] x, float[1,8,6,6] image) => (float[N,32] y, float[N,32] z, float[1,40,3,3] w) {
      [first] y = MatMul (x, matrix)
      [second] z = Gemm <transB = 1, alpha = 0.5, beta = 2.0> (x, turned, bias)
      [third] w = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (image, filter, channels)
    }
    """

  /// The graph with weights that are the same every time.
  private static func graph() throws -> Graph {
    var graph = try GraphText.parse(products).graph
    for (name, dims) in [
      ("matrix", [64, 32]), ("turned", [32, 64]), ("bias", [32]), ("filter", [40, 8, 3, 3]), ("channels", [40]),
    ] { graph.addInitializer(name, noise(dims, seed: UInt64(name.count))) }
    return graph
  }

  private static let inputs: [String: Tensor] = ["x": noise([3, 64], seed: 1), "image": noise([1, 8, 6, 6], seed: 2)]

  private func run(_ model: Model) throws -> [String: Tensor] {
    let graph = try LoadedModel(model, path: "model").graph
    let runner = GraphRunner(graph, planner: Planner(backend: try Backend.reference, threads: 1))
    return try runner.run(Self.inputs.mapValues(Value.tensor)).compactMapValues(\.tensor)
  }

  private func quantized(
    _ graph: Graph, _ scheme: LayerScheme, keep: [String] = [], in folder: TemporaryFolder
  ) throws -> (model: Model, layers: [LayerResult]) {
    var choices = LayerSelection(scheme, keep: keep).choices(for: QuantizableLayer.all(in: graph))
    var activations: [String: ActivationQuantization] = [:]
    if scheme.needsCalibration {
      let calibration = try Calibration([Self.inputs], source: "test")
      (choices, activations) = try calibration.ranges(
        for: choices, in: graph, method: .minmax, planner: Planner(backend: try Backend.reference, threads: 1))
    }
    let source = folder.file("source.onnx"), target = folder.file("target.onnx")
    try ModelWriter.write(Model(graph: graph), to: source)
    var layers: [LayerResult] = []
    try ModelQuantizer.write(try ModelReader.load(source), from: source, to: target) {
      (graph, stream) throws(GraphError) in
      let result = try GraphQuantizer(graph, choices, activations: activations).write(to: stream)
      layers = result.layers
      return result
    }
    return (try ModelReader.load(target), layers)
  }

  @Test(
    "Every scheme, on all kinds of products",
    arguments: [(LayerScheme.f16, 60.0), (.w8, 38), (.w4, 18), (.w8a8, 34), (.w8a8Dynamic, 34)])
  func schemes(scheme: LayerScheme, decibels: Double) throws {
    let folder = try TemporaryFolder(), graph = try Self.graph()
    let (model, layers) = try quantized(graph, scheme, in: folder)
    #expect(layers.map(\.name) == ["first", "second", "third"])
    let exact = try run(Model(graph: graph)), found = try run(model)
    for name in ["y", "z", "w"] {
      var noise = QuantizationNoise()
      noise.add(found[name]!.doubles(), expected: exact[name]!.doubles())
      #expect(noise.decibels > decibels && noise.decibels < 90, "\(name) as \(scheme): \(noise.decibels) dB")
    }
    for layer in layers { #expect(layer.byteCountAfter * 2 <= layer.byteCountBefore, "\(layer.name)") }
    #expect(try folder.files == ["source.onnx", "target.onnx"])
  }

  @Test(
    "A weight of numbers that the form does not hold stays as it is, and so does its layer",
    arguments: [
      (LayerScheme.f16, Float(1e-10)), (.f16, 1e30), (.w4, 1e-25), (.w4, 1e-8), (.w4, 1e30), (.w8, 1e-43),
      (.w8a8, 1e-43), (.w8a8Dynamic, 1e-43),
    ]) func outOfRange(scheme: LayerScheme, size: Float) throws
  {
    var graph = try Self.graph()
    let weights = noise([64, 32], seed: 5).elements(of: Float.self).map { $0 * size }
    graph.initializers["matrix"] = Tensor(weights, dims: [64, 32])
    let (model, layers) = try quantized(graph, scheme, in: try TemporaryFolder())
    #expect(layers.map(\.isOutOfRange) == [true, false, false])
    #expect(layers[0].scheme == .f32 && layers[0].activation == nil, "\(layers[0].scheme)")
    #expect(layers[0].reason?.contains("does not hold weights of up to ") == true, "\(layers[0].reason ?? "")")
    #expect(model.graph.nodes.first { $0.name == "first" }?.inputs == ["x", "matrix"])
    #expect(model.graph.initializers["matrix"]?.elements(of: Float.self) == weights)
    _ = try LoadedModel(model, path: "model")
  }

  @Test(
    "Large and small weights that the form holds are rounded",
    arguments: [(LayerScheme.w8, Float(1e37)), (.w8, 1e-30), (.w4, 1e-2), (.f16, 1e-3)])
  func inRange(scheme: LayerScheme, size: Float) throws {
    var graph = try Self.graph()
    graph.initializers["matrix"] = Tensor(
      noise([64, 32], seed: 5).elements(of: Float.self).map { $0 * size }, dims: [64, 32])
    let layer = try quantized(graph, scheme, in: try TemporaryFolder()).layers[0]
    #expect(
      layer.scheme == scheme && (15...80).contains(layer.weightNoise.decibels), "\(layer.weightNoise.decibels) dB")
  }

  @Test("Files say what the standard says")
  func nodes() throws {
    let graph = try Self.graph()
    let (model, _) = try quantized(graph, .w8a8, in: try TemporaryFolder())
    // x is read twice and has one pair.
    #expect(
      model.graph.nodes.map(\.opType).sorted() == [
        "Conv", "DequantizeLinear", "DequantizeLinear", "DequantizeLinear", "DequantizeLinear", "DequantizeLinear",
        "Gemm", "MatMul", "QuantizeLinear", "QuantizeLinear",
      ])
    let constants = model.graph.initializers
    #expect(constants["matrix_quantized"]?.elementType == .int8 && constants["matrix_scale"]?.dims == [32])
    #expect(constants["filter_scale"]?.dims == [40] && constants["x_zero_point"]?.elementType == .uint8)
    #expect(constants["matrix"] == nil && constants["bias"]?.elements(of: Float.self).count == 32)
    #expect(model.irVersion >= 10 && model.opsetImports[""] == Model.canonicalOpset)
    let integers = try quantized(graph, .w8a8Dynamic, in: try TemporaryFolder()).model.graph.nodes.map(\.opType)
    #expect(integers.count { $0 == "DynamicQuantizeLinear" } == 2 && integers.contains("ConvInteger"))
    #expect(integers.count { $0 == "MatMulInteger" } == 2 && !integers.contains("DequantizeLinear"))
    let blocks = try quantized(graph, .w4, in: try TemporaryFolder())
    #expect(blocks.model.graph.initializers["matrix_quantized"]?.elementType == .int4)
    #expect(blocks.model.graph.initializers["turned_scale"]?.dims == [32, 2])
    // The convolution sums over 8 channels.
    #expect(blocks.layers.map(\.scheme) == [.w4, .w4, .w8] && blocks.layers[2].reason?.contains("8 numbers") == true)
  }

  @Test("Layers that are kept stay, also by pattern")
  func kept() throws {
    let graph = try Self.graph()
    let (model, layers) = try quantized(graph, .w8, keep: ["fir*", "*r*d"], in: try TemporaryFolder())
    #expect(layers.map(\.scheme) == [.f32, .w8, .f32] && layers[0].reason == "--keep fir*")
    #expect(
      model.graph.initializers["matrix"]?.elements(of: Float.self)
        == graph.initializers["matrix"]?.elements(of: Float.self))
    for (pattern, name, fits) in [
      ("a", "a", true), ("a", "ab", false), ("a*", "ab", true), ("*", "", true), ("a*a", "a", false),
      ("a*b*c", "axxbc", true), ("a*b*c", "acb", false), ("*b", "bb", true),
    ] { #expect(NamePattern(pattern).fits(name) == fits, "\(pattern) on \(name)") }
  }

  @Test("A weight that two layers and another node read is written once, and all read the same")
  func shared() throws {
    var graph = try GraphText.parse(
      """
      <ir_version: 8, opset_import: ["" : 23]>
      g (float[N,32] x) => (float[N,32] y, float[32,32] t) {
        [a] h = MatMul (x, matrix)
        [turn] m = Transpose <perm = [1, 0]> (matrix)
        [b] y = MatMul (h, m)
        [other] t = Neg (matrix)
      }
      """
    ).graph
    graph.addInitializer("matrix", noise([32, 32], seed: 3))
    let layers = QuantizableLayer.all(in: graph)
    #expect(layers.map(\.channelAxis) == [1, 0] && layers.map(\.isDirect) == [true, false])
    for scheme in [LayerScheme.w8, .w8a8Dynamic] {
      let (model, _) = try quantized(graph, scheme, in: try TemporaryFolder())
      #expect(model.graph.nodes.count { $0.opType == "DequantizeLinear" } == 1, "\(scheme)")
      #expect(model.graph.initializers.count { $0.value.elementType == .int8 } == 1, "\(scheme)")
      _ = try LoadedModel(model, path: "model")
    }
  }

  @Test("Models that are quantized already are refused, and activations without a range")
  func refused() throws {
    let graph = try Self.graph()
    let (model, _) = try quantized(graph, .w8, in: try TemporaryFolder())
    let twice = #expect(throws: GraphError.self) { try QuantizedModelCheck.check(model.graph) }
    #expect(twice?.description.contains("expected a model that is not quantized, found DequantizeLinear") == true)
    let choices = LayerSelection(.w8a8).choices(for: QuantizableLayer.all(in: graph))
    let noRange = #expect(throws: GraphError.self) { _ = try GraphQuantizer(graph, choices) }
    #expect(noRange?.description.contains("\"first\"") == true)
  }
}
