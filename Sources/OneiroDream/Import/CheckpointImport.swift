import OneiroEEG
import OneiroGraph
import OneiroModel

/// Makes a pipeline file of checkpoints.
public struct CheckpointImport {
  public struct Options: Sendable {
    /// What weights are stored as: float32 or float16.
    public var storedType = ElementType.float32
    /// What to say of the networks in place of what the checkpoint tells.
    public var overrides = ConfigurationOverrides()
    /// Pixels along a side of the picture.
    public var pictureSize = 512
    /// Makes weights where the checkpoint has none, instead of refusing it, and leaves out what is not known.
    public var allowsMissing = false
    /// The noise schedule and sampler; `nil`: as the checkpoint says, or else Stable Diffusion 1.5's.
    public var scheduler: SchedulerConstants?
    /// What stands for no condition, where the noise predictor is to be guided.
    public var unconditional: UnconditionalContext?
    /// How recordings are prepared; `nil`: as DreamDiffusion's trials are.
    public var preparation: PreparationSettings?

    public init() {}
  }

  public let contents: CheckpointContents
  public let scheduler: SchedulerConstants?
  /// What neither shapes nor settings told, with the value that was taken.
  public private(set) var assumptions: [String] = []
  private let options: Options
  private let source: String

  /// Finds out what is there; nothing is read but headers and small tables.
  public init(_ source: ImportSource, options: Options) throws(DreamError) {
    var configuration: ModelConfiguration
    do {
      configuration = try ModelConfiguration(detecting: source.checkpoint)
      try source.diffusers?.apply(to: &configuration)
      try configuration.override(with: options.overrides)
    } catch {
      throw .graph(error)
    }
    configuration.addConditioning()
    var options = options
    if options.scheduler == nil, configuration.unet != nil {
      let scale = try source.latentScale()
      options.scheduler = try source.diffusers?.scheduler(latentScale: scale)
      if options.scheduler == nil {
        options.scheduler = try SchedulerConstants(source.checkpoint)
        options.scheduler?.latentScale = scale
      }
    }
    try self.init(source.checkpoint, configuration: configuration, options: options)
    assumptions = configuration.assumptions(
      source.checkpoint, overrides: options.overrides, areHeadsKnown: source.diffusers != nil)
  }

  /// No checkpoint: weights are made from their names.
  public init(
    generating configuration: ModelConfiguration, with generator: GeneratedWeights = GeneratedWeights(),
    options: Options
  ) throws(DreamError) {
    var options = options
    options.allowsMissing = true
    let nothing = Checkpoint(source: "generated weights", tensors: [:])
    try self.init(nothing, configuration: configuration, generator: generator, options: options)
  }

  private init(
    _ checkpoint: Checkpoint, configuration: ModelConfiguration, generator: GeneratedWeights = GeneratedWeights(),
    options: Options
  ) throws(DreamError) {
    contents = try CheckpointContents(checkpoint, configuration: configuration, generator: generator)
    self.options = options
    source = checkpoint.source
    guard !contents.networks.isEmpty else {
      throw .mismatch(
        at: source, expected: "tensors of DreamDiffusion, Stable Diffusion or the EEG encoder's pre-training",
        found: "\(checkpoint.tensors.count) tensors with other names")
    }
    var scheduler: SchedulerConstants?
    if let unet = configuration.unet {
      var constants: SchedulerConstants
      if let given = options.scheduler { constants = given } else { constants = try SchedulerConstants(checkpoint) }
      constants.latentShape = try Self.latentShape(unet, configuration.autoencoder, options.pictureSize)
      scheduler = constants
    }
    self.scheduler = scheduler
  }

  /// Bytes that the weights will take.
  public var byteCount: Int {
    contents.networks.flatMap(\.network.weights).reduce(0) { sum, weight in
      let width = weight.tensor.dims.count >= 2 ? options.storedType.bitWidth / 8 : 4
      return sum + width * (Tensor.elementCount(weight.tensor.dims) ?? 0)
    }
  }

  /// Refuses a checkpoint that has not all that its networks need, or more than that.
  public func checkComplete() throws(DreamError) {
    guard !options.allowsMissing else { return }
    if let first = contents.missing.first {
      throw .mismatch(
        at: "\(source): tensor \"\(first.name)\"",
        expected: "float\(first.dims)",
        found: "no such tensor, nor \(contents.missing.count - 1) others (--allow-missing makes them up)")
    }
    if let first = contents.unknown.first {
      throw .mismatch(
        at: "\(source): tensor \"\(first)\"", expected: "the name of a tensor that a network reads",
        found: "this and \(contents.unknown.count - 1) others that none does (--allow-missing leaves them out)")
    }
  }

  /// Writes the pipeline file and its weights, tensor by tensor. Either all of it appears or nothing.
  /// - progress: is told of the role at work, bytes done, and bytes in all.
  public func write(
    to path: String, progress: (_ role: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws(DreamError) {
    try checkComplete()
    // Parts that do not fit together are better known before gigabytes are written.
    _ = try pipeline(contents.networks.map { ($0.role, $0.network.graph) }, name: path)
    let files = PipelineFiles(path, roles: contents.networks.map(\.role))
    let total = byteCount
    var done = 0
    var placed = PlacedWeights()
    var hashes: [String: String] = [:]
    var graphs: [(role: String, graph: Graph)] = []
    do throws(GraphError) {
      for (role, network) in contents.networks {
        let result = try network.writeWeights(
          to: files.name(of: role), in: Bundle.folder(of: path), as: options.storedType, placed: &placed
        ) { byteCount in
          done += byteCount
          progress(role, done, total)
        }
        graphs.append((role, result.graph))
        hashes[role] = result.hash
      }
    } catch {
      throw .graph(error.located(in: source))
    }
    let model = try pipeline(graphs, name: path)
    try Bundle.write(model, to: path, files: files, placed: placed, hashes: hashes)
  }

  private func pipeline(_ graphs: [(role: String, graph: Graph)], name: String) throws(DreamError) -> Model {
    var models: [String: Model] = [:]
    for (role, graph) in graphs { models[role] = Model(graph: graph) }
    var model = try PipelineBuilder.build(
      models, scheduler: scheduler, unconditional: options.unconditional, name: Bundle.stem(of: name))
    if let autoencoder = contents.configuration.autoencoder, contents.configuration.unet != nil,
      let image = model.graph.inputs.firstIndex(where: { $0.name == "image" })
    {
      let side = Dimension.known(options.pictureSize)
      model.graph.inputs[image].type = .tensor(
        .float32, [.symbol("batch"), .known(autoencoder.imageChannels), side, side])
    }
    // Nothing is drawn without a noise predictor, and what pre-trains an encoder takes windows as they come.
    let standard = contents.configuration.unet == nil ? nil : PreparationSettings.dreamDiffusion(model)
    guard let settings = options.preparation ?? standard else { return model }
    return try PipelineBuilder.setPreparation(settings, in: model, name: name)
  }

  /// [C,h,w] of the latent of a square picture.
  private static func latentShape(
    _ unet: UNet, _ autoencoder: Autoencoder?, _ pictureSize: Int
  ) throws(DreamError) -> [Int] {
    guard unet.inputChannels == unet.outputChannels else {
      throw .mismatch(
        at: "noise predictor", expected: "as many channels out as in, to take the noise from the sample",
        found: "\(unet.inputChannels) in and \(unet.outputChannels) out, as for inpainting or learned variances")
    }
    let scale = autoencoder?.scale ?? 8
    let unit = scale * unet.scale
    guard pictureSize > 0, pictureSize % unit == 0, pictureSize <= 1 << 16 else {
      throw .mismatch(at: "picture size", expected: "a multiple of \(unit) up to 65536", found: "\(pictureSize)")
    }
    return [unet.inputChannels, pictureSize / scale, pictureSize / scale]
  }
}
