import OneiroGraph
import OneiroModel
import OneiroPasses
import OneiroPicture
import OneiroRuntime

/// One pipeline, ready to turn EEG into pictures. It runs one picture at a time, so memory does not grow with their
/// number.
public final class Dream {
  public struct Options: Sendable {
    /// What makes another run than the pipeline file says; `nil` keeps what it says.
    public var sampler: SamplerKind?
    public var steps: Int?
    /// How much fresh noise DDIM adds, 0 ... 1.
    public var eta: Double?
    /// How far predictions are pushed away from those without the condition.
    public var guidance: Double?
    /// The ONNX file for each role that is to be another than in the pipeline file.
    public var replacing: [String: String] = [:]
    public var backend: Backend
    public var threads = Threads.available
    public var tuning = Tuning.off
    public var rewrites = RewriteSettings()
    /// Bytes that the process may have resident while a picture is drawn; `nil`: as many as it takes.
    public var maxMemory: Int?
    /// Where what kernels pack of weights is kept from run to run; `nil`: nowhere.
    public var packed: PackedWeights?
    /// Outputs of the pipeline to compute beside the picture, where it has them.
    public var alsoComputes: [String] = []
    /// Told of each plan before it runs.
    public var didPlan: (@Sendable (ExecutionPlan) -> Void)?

    public init(backend: Backend) { self.backend = backend }
  }

  /// One picture, and what was computed beside it.
  public struct Result: Sendable {
    public let picture: Picture
    /// The number of the trial in its file, and which of its pictures this is.
    public let trial: Int
    public let sample: Int
    /// The outputs that were asked for, by name, each with a first axis of 1.
    public let outputs: [String: Tensor]
  }

  /// What a run took.
  public struct Summary: Sendable {
    public let seconds: Double
    public let times: DreamTimes
    /// The most memory that the process has had in use so far.
    public let peakByteCount: Int
    /// How many steps ran on each backend, most first.
    public let placement: [(source: String, count: Int)]
  }

  public let path: String
  public let options: Options
  public let interface: PipelineInterface
  public let settings: DenoiseSettings
  private let runner: GraphRunner

  /// Loads the pipeline file at `path`.
  public convenience init(_ path: String, options: Options) throws(DreamError) {
    try self.init(path, model: try Bundle.load(path, replacing: options.replacing), options: options)
  }

  /// - model: what `Bundle.load` makes of `path` with the parts that the options name, for who has looked into it before.
  public init(_ path: String, model: Model, options: Options) throws(DreamError) {
    let model = try PipelineBuilder.setSampling(
      options.sampler, steps: options.steps, eta: options.eta, guidance: options.guidance, in: model, name: path)
    interface = try PipelineInterface(model, name: path)
    guard let denoise = model.graph.nodes.first(where: \.isDenoise) else {
      throw .mismatch(at: path, expected: "a node of ai.oneiro.Denoise", found: "none")
    }
    do { settings = try DenoiseSettings(denoise) } catch { throw error.located(in: path) }
    let wanted = [PipelineInterface.pictureName] + options.alsoComputes.filter { $0 != PipelineInterface.pictureName }
    for name in wanted where !interface.outputs.contains(name) {
      throw .mismatch(
        at: "\(path): output", expected: interface.outputs.joined(separator: ", "), found: "\"\(name)\"")
    }
    let flat: Graph
    do { flat = InlineSubgraphs.apply(to: try InlineFunctions.apply(to: model).graph) } catch { throw .graph(error) }
    var graph = PruneDeadNodes.apply(to: flat, keeping: wanted)
    // Other inputs of the file feed parts that are not computed.
    graph.inputs = graph.inputs.filter {
      $0.name == PipelineInterface.eegName || $0.name == PipelineInterface.noiseName
        || graph.initializers[$0.name] != nil
    }
    runner = GraphRunner(graph, planner: options.planner)
    runner.didPlan = options.didPlan
    self.path = path
    self.options = options
  }

  /// Plans ahead what `run` would plan for its first picture.
  /// - recording: whose trials are going to be drawn.
  public func prepare(for recording: Recording) throws(DreamError) {
    try recording.check(fits: interface.eeg, named: PipelineInterface.eegName)
    do {
      try runner.prepare([
        PipelineInterface.eegName: TensorType(.float32, dims: [1] + recording.trials.dims.dropFirst()),
        PipelineInterface.noiseName: TensorType(.float32, dims: [1] + interface.latentDims),
      ])
    } catch { throw .run(error.located(in: path)) }
  }

  /// Pictures of every trial of the recording.
  /// - noise: where each picture starts; the pictures of one trial follow each other.
  /// - samples: how many pictures to make of each trial.
  /// - seed: of the noise that some samplers add after their steps; `nil` takes that of the starting noise, or 0.
  /// - progress: is told of each step of the sampler: which picture, of how many, steps done, steps in all.
  /// - observeCalls: is shown what the noise predictor is called with; see `RunOptions`.
  public func run(
    _ recording: Recording, noise: StartingNoise, samples: Int = 1, seed: UInt64? = nil,
    progress: (@Sendable (_ picture: Int, _ pictures: Int, _ done: Int, _ total: Int) -> Void)? = nil,
    observeCalls: (@Sendable (_ picture: Int, _ role: String, _ inputs: [String: Tensor]) -> Void)? = nil
  ) throws(DreamError) -> (results: [Result], summary: Summary) {
    try recording.check(fits: interface.eeg, named: PipelineInterface.eegName)
    try recording.checkFinite()
    var results: [Result] = []
    let summary = try draw(
      recording, noise: noise, samples: samples, seed: seed, progress: progress, observeCalls: observeCalls
    ) { results.append($0) }
    return (results, summary)
  }

  /// The same, one picture after the other: none is kept.
  /// - isWanted: whether to draw a picture: the trial's place in the recording, and which of its pictures it is.
  /// - each: is given every picture that was drawn.
  public func draw(
    _ recording: Recording, noise: StartingNoise, samples: Int = 1, seed: UInt64? = nil,
    isWanted: (_ trial: Int, _ sample: Int) -> Bool = { _, _ in true }, preview: Preview? = nil,
    progress: (@Sendable (_ picture: Int, _ pictures: Int, _ done: Int, _ total: Int) -> Void)? = nil,
    observeCalls: (@Sendable (_ picture: Int, _ role: String, _ inputs: [String: Tensor]) -> Void)? = nil,
    each: (Result) throws(DreamError) -> Void
  ) throws(DreamError) -> Summary {
    guard samples >= 1 else { throw .mismatch(at: "samples", expected: "1 or more", found: "\(samples)") }
    try recording.check(fits: interface.eeg, named: PipelineInterface.eegName)
    let (pictures, overflow) = recording.count.multipliedReportingOverflow(by: samples)
    let noiseBytes = interface.latentDims.reduce(4, &*).multipliedReportingOverflow(by: max(pictures, 1))
    guard !overflow, !noiseBytes.overflow, noiseBytes.partialValue <= PhysicalMemory.byteCount / 8 else {
      throw .mismatch(at: "samples", expected: "fewer pictures", found: "\(samples) a trial")
    }
    let start = ContinuousClock.now
    let clock = DreamClock()
    var noises = try NoiseStream(noise, count: pictures, latentDims: interface.latentDims)
    for index in 0..<pictures {
      // Noise that is not used is drawn all the same, so that the next picture starts from its own.
      let noiseOfPicture = noises.draw()
      let trial = index / samples
      guard isWanted(trial, index % samples) else { continue }
      try recording.checkFinite(trial..<trial + 1)
      var observe: (@Sendable (String, [String: Tensor]) -> Void)?
      if let observeCalls { observe = { observeCalls(index, $0, $1) } }
      let drawn = try draw(
        recording.trial(trial), from: noiseOfPicture, number: index, seed: seed ?? noise.seed ?? 0, preview: preview,
        progress: { done, total in
          clock.note(done)
          progress?(index, pictures, done, total)
        }, observeCalls: observe)
      clock.noteDecoded()
      try each(
        Result(
          picture: drawn.picture, trial: recording.trialNumbers[trial], sample: index % samples, outputs: drawn.outputs)
      )
      // Pages of a mapped recording that are done with need not stay in memory, and under a bound must not.
      if index % 64 == 63 || options.maxMemory != nil { recording.setAside() }
    }
    return Summary(
      seconds: (ContinuousClock.now - start).seconds, times: clock.times, peakByteCount: ProcessMemory.peakByteCount,
      placement: placement)
  }

  /// One picture of one trial.
  /// - eeg: float32 [1, channels, samples].
  /// - noise: float32 [1,C,h,w].
  /// - number: which picture of the run it is: the noise that some samplers add hangs on it and on `seed`.
  public func draw(
    _ eeg: Tensor, from noise: Tensor, number: Int, seed: UInt64, preview: Preview? = nil,
    progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil,
    observeCalls: (@Sendable (_ role: String, _ inputs: [String: Tensor]) -> Void)? = nil
  ) throws(DreamError) -> (picture: Picture, outputs: [String: Tensor]) {
    var runOptions = RunOptions()
    runOptions.seed = seed
    runOptions.firstItem = number
    runOptions.progress = { _, done, total in progress?(done, total) }
    runOptions.preview = preview
    runOptions.observeCalls = observeCalls
    let outputs = try compute(
      [PipelineInterface.eegName: .tensor(eeg), PipelineInterface.noiseName: .tensor(noise)], runOptions)
    guard let image = outputs[PipelineInterface.pictureName], let picture = try Picture.pictures(image).first else {
      throw .mismatch(at: "\(path): output \"picture\"", expected: "a picture", found: "none")
    }
    return (picture, outputs)
  }

  /// Runs once. A result with NaN or infinity in it is run again with a look at every value, to name the node that made
  /// the first one.
  private func compute(_ inputs: [String: Value], _ runOptions: RunOptions) throws(DreamError) -> [String: Tensor] {
    do throws(RunError) {
      let outputs = try runner.run(inputs, runOptions).compactMapValues(\.tensor)
      let isFinite = outputs.values.allSatisfy { tensor in
        withExtendedLifetime(tensor) { FiniteCheck.firstBadElement(tensor.bytes, tensor.elementType) == nil }
      }
      if isFinite { return outputs }
      var checking = runOptions
      checking.progress = nil
      checking.checksFinite = true
      _ = try runner.run(inputs, checking)
    } catch {
      throw .run(error.located(in: path))
    }
    throw .mismatch(at: path, expected: "finite outputs", found: "NaN or infinity that no single node made")
  }

  /// How many patches have been applied to what was planned so far.
  public var patchCount: Int { runner.planner.rewriteLog.entries.count }

  private var placement: [(source: String, count: Int)] {
    var counts: [String: Int] = [:]
    for plan in runner.lastPlans {
      for (source, count) in plan.placement { counts[source, default: 0] += count }
    }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
  }
}

extension Dream {
  /// What a picture's file says of how it was made.
  /// - seed: of the starting noise and of the noise that some samplers add.
  /// - noise: the file of the starting noise, where it came from one.
  /// - eeg: the file of the recording.
  public func notes(for result: Result, seed: UInt64, noise: String?, eeg: String) throws(DreamError) -> [PNG.Text] {
    notes(for: result, run: try notes(seed: seed, noise: noise, eeg: eeg))
  }

  /// The same with what all pictures of a run have in common, for which the files need to be read but once.
  public func notes(for result: Result, run: [PNG.Text]) -> [PNG.Text] {
    run + [
      PNG.Text("backend", options.backend.text), PNG.Text("trial", "\(result.trial)"),
      PNG.Text("sample", "\(result.sample)"),
    ]
  }

  /// What all pictures of a run have in common and hang on.
  public func notes(seed: UInt64, noise: String?, eeg: String) throws(DreamError) -> [PNG.Text] {
    try notes(seed: seed, noise: noise, eeg: [eeg], preparation: nil)
  }

  /// - recording: what the pictures come from.
  public func notes(seed: UInt64, noise: String?, of recording: Recording) throws(DreamError) -> [PNG.Text] {
    try notes(seed: seed, noise: noise, eeg: recording.files, preparation: recording.preparation)
  }

  private func notes(
    seed: UInt64, noise: String?, eeg: [String], preparation: String?
  ) throws(DreamError) -> [PNG.Text] {
    let sources = try options.sources(pipeline: path, noise: noise, eeg: eeg)
    return notes(seed: seed, noise: noise, preparation: preparation, sources: sources)
  }

  /// - sources: what `options.sources` says of the files, which may be large.
  public func notes(seed: UInt64, noise: String?, preparation: String?, sources: [PNG.Text]) -> [PNG.Text] {
    var notes: [PNG.Text] = []
    if noise == nil || settings.addsFreshNoise { notes.append(PNG.Text("seed", "\(seed)")) }
    notes += [PNG.Text("steps", "\(settings.steps)"), PNG.Text("sampler", settings.sampler.rawValue)]
    if settings.stepCount != settings.steps { notes.append(PNG.Text("steps_taken", "\(settings.stepCount)")) }
    if settings.eta != 0 { notes.append(PNG.Text("eta", "\(settings.eta)")) }
    if settings.guidance != 1 { notes.append(PNG.Text("guidance", "\(settings.guidance)")) }
    if let preparation { notes.append(PNG.Text("preparation", preparation)) }
    return notes + sources
  }
}

extension Dream.Options {
  /// Plans graphs for the kernels that were asked for.
  public var planner: Planner {
    Planner(
      backend: backend, hostOperators: [DenoiseOperator.self], threads: threads, tuning: tuning, rewrites: rewrites,
      maxMemory: maxMemory, packed: packed)
  }

  /// The hashes of all files that a picture is made from.
  public func sources(pipeline: String, noise: String?, eeg: [String]) throws(DreamError) -> [PNG.Text] {
    var notes = [
      PNG.Text("model.sha256", try hash(pipeline)), PNG.Text("eeg.sha256", try RecordingHash.hex(of: eeg)),
    ]
    if let noise { notes.append(PNG.Text("noise.sha256", try hash(noise))) }
    for (role, file) in replacing.sorted(by: { $0.key < $1.key }) {
      notes.append(PNG.Text("\(role).sha256", try hash(file)))
    }
    return notes
  }

  private func hash(_ path: String) throws(DreamError) -> String {
    do { return try SHA256.hex(ofFile: path) } catch { throw .graph(error) }
  }
}
