import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroRuntime
import OneiroTestSupport
import Testing

/// The bundled pipeline with its matrices and filters kept as float16, in a folder that goes away with the test.
@Suite("Pipelines of float16 weights") final class HalfPrecisionTests {
  private static let models = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Models"
  private static let original = "\(models)/dreamdiffusion-tiny.onnx"
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func mapWeights(_ model: Model, _ change: (Tensor) -> Tensor) -> Model {
    var model = model
    for (index, node) in model.graph.nodes.enumerated() {
      for (name, body) in node.bodies {
        let weights = body.initializers.mapValues { $0.elementType == .float32 && $0.rank >= 2 ? change($0) : $0 }
        var body = body
        body.initializers = weights
        model.graph.nodes[index].attributes[name] = .graph(body)
      }
    }
    return model
  }

  /// - Returns: the path of the pipeline with float16 weights, and of one with the same weights in float32.
  private func pipelines() throws -> (narrow: String, wide: String) {
    let model = mapWeights(try ModelReader.load(Self.original)) {
      Tensor(.float16, doubles: $0.doubles(), dims: $0.dims).widening()
    }
    let wide = mapWeights(model) { Tensor($0.elements(of: Float.self), dims: $0.dims) }
    try ModelWriter.write(model, to: folder.file("narrow.onnx"), externalDataFile: "narrow.weights")
    try ModelWriter.write(wide, to: folder.file("wide.onnx"), externalDataFile: "wide.weights")
    return (folder.file("narrow.onnx"), folder.file("wide.onnx"))
  }

  private func picture(_ pipeline: String, _ backend: String) throws -> [Float] {
    let samples = "\(Self.models)/parts/eeg_samples.safetensors"
    let recording = try Recording(contentsOf: samples).selecting(.ranges([0...0]))
    let dream = try Dream(pipeline, options: Dream.Options(backend: try Backend(backend)))
    let (results, _) = try dream.run(recording, noise: .given(try #require(recording.noise), source: samples))
    return try #require(results.first?.outputs[PipelineInterface.pictureName]).elements(of: Float.self)
  }

  @Test("They draw to the bit what the same numbers in float32 draw", arguments: ["onednn", "openblas", "vector"])
  func pictures(backend: String) throws {
    let (narrow, wide) = try pipelines()
    let found = try picture(narrow, backend)
    #expect(found == (try picture(wide, backend)))
    // And nearly what the weights drew before they were rounded.
    let exact = try picture(Self.original, backend)
    #expect(zip(found, exact).reduce(0) { max($0, abs($1.0 - $1.1)) } < 0.05)
  }

  @Test("They take half the memory, and no node widens them") func size() throws {
    let (narrow, wide) = try pipelines()
    let small = try Bundle.list(narrow), large = try Bundle.list(wide)
    #expect(small.map(\.nodeCount) == large.map(\.nodeCount))
    for (a, b) in zip(small, large) where b.weightByteCount > 1 << 16 {
      #expect(Double(a.weightByteCount) < 0.6 * Double(b.weightByteCount), "\(a.role)")
    }
  }

  @Test("A part keeps its float16 weights when it is taken out and put in") func parts() throws {
    let (narrow, _) = try pipelines()
    let part = folder.file("unet.onnx")
    let before = try Bundle.list(narrow)
    try Bundle.extract("unet", from: narrow, to: part)
    let weights = try ModelReader.load(part).graph.initializers.values.filter { $0.rank >= 2 }
    #expect(weights.contains { $0.isNarrow } && weights.allSatisfy { $0.elementType != .float16 })
    try Bundle.replace("unet", in: narrow, with: part)
    #expect(try Bundle.list(narrow).map(\.weightByteCount) == before.map(\.weightByteCount))
  }
}
