import Glibc
import OneiroEEG
import OneiroGraph
import OneiroModel

/// Pipeline files: the parts' graphs in one ONNX file, each part's weights in a file of its own beside it.
public enum Bundle {
  /// What `list` says of one part.
  public struct PartSummary: Sendable, Equatable {
    public let role: String
    public let opType: String
    public let inputs: [ValueInfo]
    public let outputs: [ValueInfo]
    public let nodeCount: Int
    /// Bytes of the part's initializers, and the SHA-256 of its weights file as it was when the pipeline was written.
    public let weightByteCount: Int
    public let weightsHash: String?
    /// What guidance takes for no condition, where the pipeline has it, and how strong guidance is by default: of the
    /// noise predictor.
    public let unconditional: TensorType?
    public let guidance: Float?
  }

  /// Writes a pipeline file.
  /// - unconditional: a file of the context that stands for no condition; see `UnconditionalContext`.
  public static func create(
    _ path: String, _ files: PartFiles, unconditional: String? = nil
  ) throws(DreamError) {
    for role in files.parts.keys.sorted() { _ = try PipelinePart.named(role) }
    let scheduler = try files.scheduler()
    var models: [String: Model] = [:]
    for (role, file) in files.parts { models[role] = try read(file) }
    var context: UnconditionalContext?
    if let unconditional { context = try UnconditionalContext(contentsOf: unconditional) }
    var model = try PipelineBuilder.build(
      models, scheduler: scheduler, unconditional: context, name: stem(of: path))
    if let file = files.preparationFile {
      model = try PipelineBuilder.setPreparation(try preparation(file), in: model, name: path)
    }
    try write(model, to: path)
  }

  /// The files of a folder that are parts: `ROLE.onnx` or, as Hugging Face's Optimum lays them out, `ROLE/model.onnx`;
  /// and `scheduler.json` or `scheduler/scheduler_config.json`.
  public static func files(inFolder folder: String) throws(DreamError) -> PartFiles {
    func first(_ names: [String]) -> String? { names.map { "\(folder)/\($0)" }.first { access($0, R_OK) == 0 } }
    var parts: [String: String] = [:]
    for role in PipelinePart.all.map(\.role) { parts[role] = first(["\(role).onnx", "\(role)/model.onnx"]) }
    guard !parts.isEmpty else {
      let names = PipelinePart.all.map { "\($0.role).onnx" }.joined(separator: ", ")
      throw .mismatch(at: folder, expected: "a folder with some of \(names)", found: "none of them")
    }
    return PartFiles(
      parts: parts, schedulerFile: first(["scheduler.json", "scheduler/scheduler_config.json"]),
      unetConfiguration: first(["unet/config.json"]),
      autoencoderConfiguration: first(["vae_decoder/config.json", "vae/config.json"]),
      preparationFile: first(["preparation.json"]))
  }

  public static func list(_ path: String) throws(DreamError) -> [PartSummary] {
    let model = try read(path)
    let parts = PipelineBuilder.parts(of: model)
    guard !parts.isEmpty else { throw notAPipeline(path) }
    return parts.map { part in
      PartSummary(
        role: part.role, opType: part.node.opType, inputs: part.body.requiredInputs, outputs: part.body.outputs,
        nodeCount: part.body.nodes.count,
        weightByteCount: part.body.initializers.values.reduce(0) { $0 + $1.storedByteCount },
        weightsHash: part.node.metadata[weightsHashKey],
        unconditional: UnconditionalContext.tensor(of: part.node, in: model.graph).map {
          TensorType($0.elementType, dims: $0.dims)
        },
        guidance: guidance(of: part.node))
    }
  }

  private static func guidance(of node: Node) -> Float? {
    guard node.isDenoise else { return nil }
    if case .float(let guidance) = node.attributes["guidance"] { return guidance }
    return 1
  }

  /// Writes one part as a plain ONNX file. Weights of more than a gigabyte go to a file beside it: protobuf ends at
  /// two.
  public static func extract(_ role: String, from path: String, to output: String) throws(DreamError) {
    let pipeline = try read(path), part = try PipelineBuilder.extract(role, from: pipeline, name: path)
    let byteCount = part.graph.initializers.values.reduce(0) { $0 + $1.storedByteCount }
    do {
      try pipeline.checkKeepsWeights(writing: output)
      if byteCount > 1 << 30 {
        let weights = "\(stem(of: output)).weights"
        try pipeline.checkKeepsWeights(writing: "\(folder(of: output))/\(weights)")
        try ModelWriter.write(part, to: output, externalDataFile: weights)
      } else {
        try ModelWriter.write(part, to: output)
      }
    } catch {
      throw .graph(error)
    }
  }

  /// Puts another graph into a pipeline file.
  public static func replace(_ role: String, in path: String, with file: String) throws(DreamError) {
    try write(try load(path, replacing: [role: file]), to: path)
  }

  /// Puts a context that stands for no condition into a pipeline file, in the place of any other.
  /// - file: see `UnconditionalContext`.
  public static func replaceUnconditional(in path: String, with file: String) throws(DreamError) {
    try write(try UnconditionalContext(contentsOf: file).placed(in: try load(path), name: path), to: path)
  }

  /// Puts other settings of preparation into a pipeline file.
  /// - file: a `preparation.json`.
  public static func replacePreparation(in path: String, with file: String) throws(DreamError) {
    try write(try PipelineBuilder.setPreparation(try preparation(file), in: try load(path), name: path), to: path)
  }

  private static func preparation(_ file: String) throws(DreamError) -> PreparationSettings {
    do { return try PreparationSettings(contentsOf: file) } catch { throw .graph(error) }
  }

  /// The model of a pipeline file, some of its parts replaced in memory.
  /// - replacing: the ONNX file for each role that is to be another.
  public static func load(_ path: String, replacing: [String: String] = [:]) throws(DreamError) -> Model {
    var model = try read(path)
    guard !PipelineBuilder.parts(of: model).isEmpty else { throw notAPipeline(path) }
    for (role, file) in replacing.sorted(by: { $0.key < $1.key }) {
      _ = try PipelineBuilder.part(role, of: model, path)
      let part = try read(file)
      do throws(DreamError) {
        model = try PipelineBuilder.replace(role, in: model, with: part, name: path)
      } catch {
        throw error.located(in: file)
      }
    }
    return model
  }

  /// Writes the weights under names that are free, then the pipeline file over the old one, and only then removes the
  /// weights that the old one read: whatever fails, a complete pipeline is there.
  static func write(_ model: Model, to path: String) throws(DreamError) {
    let parts = PipelineBuilder.parts(of: model)
    let files = PipelineFiles(path, roles: parts.map(\.role))
    var placed = PlacedWeights()
    var hashes: [String: String] = [:]
    do {
      for part in parts {
        hashes[part.role] = try placed.write(part.body, to: files.name(of: part.role), in: folder(of: path))
      }
    } catch {
      throw .graph(error.located(in: path))
    }
    try write(model, to: path, files: files, placed: placed, hashes: hashes)
  }

  /// The same where the weights lie in their files already.
  /// - hashes: SHA-256 of the weights file by role.
  static func write(
    _ model: Model, to path: String, files: PipelineFiles, placed: PlacedWeights, hashes: [String: String]
  ) throws(DreamError) {
    var model = model
    for (index, node) in model.graph.nodes.enumerated() {
      // With the hashes in it, the hash of the pipeline file alone says which weights made a picture.
      if let role = node.pipelineRole { model.graph.nodes[index].metadata[weightsHashKey] = hashes[role] }
    }
    do {
      try ModelWriter.write(model, to: path, placed: placed)
    } catch {
      files.removeNew()
      throw .graph(error)
    }
    files.removeOld()
  }

  private static let weightsHashKey = "ai.oneiro.weights_sha256"

  private static func read(_ path: String) throws(DreamError) -> Model {
    do { return try ModelReader.load(path) } catch { throw .graph(error) }
  }

  private static func notAPipeline(_ path: String) -> DreamError {
    .mismatch(at: path, expected: "a pipeline file, with nodes of ai.oneiro.Subgraph", found: "a model without them")
  }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The file's name without its folder and its last ending.
  static func stem(of path: String) -> String {
    let name = path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return String(name) }
    return String(name[..<dot])
  }
}

extension SchedulerConstants {
  /// - latentScale: where the file does not state it.
  public init(contentsOf path: String, latentScale: Double? = nil) throws(DreamError) {
    let file: MappedFile
    do { file = try MappedFile(path) } catch { throw .graph(error) }
    try self.init(json: withExtendedLifetime(file) { Array(file.bytes) }, name: path, latentScale: latentScale)
  }
}
