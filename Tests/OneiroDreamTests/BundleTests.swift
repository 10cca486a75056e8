import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroPicture
import OneiroTestSupport
import Testing

/// Pipeline files in a folder of their own, which goes away with the test.
@Suite final class BundleTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { folder.file(name) }
  private var names: [String] { (try? folder.files) ?? [] }

  /// y = x * weights, with weights large enough to leave the model file.
  private func writePart(_ name: String, width: Int, weight: Float, to file: String) throws {
    let type = ValueType.tensor(.float32, [.symbol("batch"), .known(width)])
    let graph = Graph(
      name, inputs: [ValueInfo("x", type)], outputs: [ValueInfo("y", type)],
      nodes: [Node("Mul", name: "scale", inputs: ["x", "w"], outputs: ["y"])],
      initializers: ["w": Tensor([Float](repeating: weight, count: width), dims: [width])])
    try ModelWriter.write(Model(graph: graph), to: path(file))
  }

  private func makePipeline() throws -> String {
    try writePart("encoder", width: 512, weight: 1, to: "eeg_encoder.onnx")
    try writePart("conditioner", width: 512, weight: 2, to: "conditioner.onnx")
    let files = try Bundle.files(inFolder: folder.path)
    #expect(files.parts.keys.sorted() == ["conditioner", "eeg_encoder"])
    let pipeline = path("dream.onnx")
    try Bundle.create(pipeline, files)
    for file in files.parts.values { try FileManager.default.removeItem(atPath: file) }
    return pipeline
  }

  @Test func aPipelineHasAWeightsFileForEachPart() throws {
    let pipeline = try makePipeline()
    #expect(names == ["dream.conditioner.weights", "dream.eeg_encoder.weights", "dream.onnx"])
    let parts = try Bundle.list(pipeline)
    #expect(parts.map(\.role) == ["eeg_encoder", "conditioner"])
    #expect(parts.map(\.weightByteCount) == [2048, 2048])
    #expect(parts[0].inputs.map(\.name) == ["x"])
    let weights = try ["dream.eeg_encoder.weights", "dream.conditioner.weights"].map {
      try SHA256.hex(ofFile: path($0))
    }
    #expect(parts.map(\.weightsHash) == weights)
  }

  @Test func anExtractedPartIsAnOrdinaryModel() throws {
    let pipeline = try makePipeline()
    try Bundle.extract("conditioner", from: pipeline, to: path("out.onnx"))
    let model = try ModelReader.load(path("out.onnx"))
    #expect(model.graph.name == "conditioner")
    #expect(model.graph.initializers["w"]?.elements(of: Float.self).first == 2)
    #expect(model.opsetImports[Model.oneiroDomain] == nil)
  }

  @Test func aReplacedPartLeavesNoOldWeights() throws {
    let pipeline = try makePipeline()
    for weight in [3, 4] as [Float] {
      try writePart("conditioner", width: 512, weight: weight, to: "new.onnx")
      try Bundle.replace("conditioner", in: pipeline, with: path("new.onnx"))
      try FileManager.default.removeItem(atPath: path("new.onnx"))
      #expect(names.count == 3, "\(names)")
      let parts = PipelineBuilder.parts(of: try Bundle.load(pipeline))
      #expect(parts.map { $0.body.initializers["w"]!.elements(of: Float.self)[0] } == [1, weight])
    }
  }

  @Test func aPartThatDoesNotFitLeavesThePipelineAsItWas() throws {
    let pipeline = try makePipeline()
    let before = try Data(contentsOf: URL(filePath: pipeline))
    try writePart("conditioner", width: 513, weight: 3, to: "new.onnx")
    let error = #expect(throws: DreamError.self) {
      try Bundle.replace("conditioner", in: pipeline, with: path("new.onnx"))
    }
    #expect(
      error?.description
        == path("new.onnx")
        + ": role \"conditioner\": input \"x\": expected float[batch,512], found float[batch,513] (the pipeline gives it)"
    )
    #expect(try Data(contentsOf: URL(filePath: pipeline)) == before)
    #expect(names == ["dream.conditioner.weights", "dream.eeg_encoder.weights", "dream.onnx", "new.onnx"])
  }

  @Test func aPlaceThatCannotBeWrittenIsNamedAndLeftClean() throws {
    try writePart("encoder", width: 512, weight: 1, to: "eeg_encoder.onnx")
    let error = #expect(throws: DreamError.self) {
      try Bundle.create(path("no/dream.onnx"), PartFiles(parts: ["eeg_encoder": path("eeg_encoder.onnx")]))
    }
    #expect(error?.description.contains("/no/dream") == true, "\(error?.description ?? "")")
    // A folder stands where the pipeline file should: the weights are there already when that is found.
    try FileManager.default.createDirectory(atPath: path("dream.onnx"), withIntermediateDirectories: true)
    #expect(throws: DreamError.self) {
      try Bundle.create(path("dream.onnx"), PartFiles(parts: ["eeg_encoder": path("eeg_encoder.onnx")]))
    }
    #expect(names == ["dream.onnx", "eeg_encoder.onnx"])
  }

  @Test func anOrdinaryModelIsNoPipeline() throws {
    try writePart("encoder", width: 2, weight: 1, to: "plain.onnx")
    let error = #expect(throws: DreamError.self) { try Bundle.list(path("plain.onnx")) }
    #expect(
      error?.description.hasSuffix(
        "expected a pipeline file, with nodes of ai.oneiro.Subgraph, found a model without them") == true)
    let empty = #expect(throws: DreamError.self) { try Bundle.files(inFolder: path("nowhere")) }
    #expect(empty?.description.hasSuffix("found none of them") == true)
  }

  @Test func picturesAreWrittenAndReadByName() throws {
    let picture = Picture(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
    try PNG.write(picture, to: path("a.png"))
    #expect(try PNG.read(path("a.png")) == picture)
    let error = #expect(throws: GraphError.self) { try PNG.write(picture, to: path("no/a.png")) }
    #expect(error?.description.hasPrefix(path("no/a.png")) == true)
    #expect(names == ["a.png"])
  }

  @Test func theHashOfAFileIsThatOfItsBytes() throws {
    try Data("abc".utf8).write(to: URL(filePath: path("abc")))
    #expect(try SHA256.hex(ofFile: path("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
