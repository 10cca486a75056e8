import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroPicture
import OneiroRuntime
import OneiroTestSupport
import Synchronization
import Testing

/// A pipeline of single operators on the reference kernels: small enough to work out by hand what must come out.
@Suite final class DreamTests {
  private let folder: TemporaryFolder
  private var pipeline: String { path("dream.onnx") }

  init() throws {
    folder = try TemporaryFolder()
    try write(
      "eeg_encoder", [("eeg", floats(2, 2))], ("tokens", floats(2, 2)),
      [Node("Identity", inputs: ["eeg"], outputs: ["tokens"])])
    // The context is half the EEG, and the prediction the context: a noise that does not depend on the timestep.
    try write(
      "conditioner", [("tokens", floats(2, 2))], ("context", floats(2, 2)),
      [Node("Mul", inputs: ["tokens", "half"], outputs: ["context"])], ["half": Tensor([0.5] as [Float], dims: [1])])
    try writeDenoiser([
      Node("Unsqueeze", inputs: ["context", "one"], outputs: ["wide"]),
      Node("Mul", inputs: ["sample", "zero"], outputs: ["nothing"]),
      Node("Add", inputs: ["nothing", "wide"], outputs: ["eps"]),
    ])
    try write(
      "vae_decoder", [("latent", floats(1, 2, 2))], ("image", floats(3, 2, 2)),
      [Node("Concat", inputs: ["latent", "latent", "latent"], outputs: ["image"], attributes: ["axis": .int(1)])])
    try bundle()
  }

  private func path(_ name: String) -> String { folder.file(name) }
  private func floats(_ dims: Int...) -> ValueType { .tensor(.float32, [.symbol("batch")] + dims.map(Dimension.known)) }

  private func write(
    _ role: String, _ inputs: [(String, ValueType)], _ output: (String, ValueType), _ nodes: [Node],
    _ initializers: [String: Tensor] = [:]
  ) throws {
    let graph = Graph(
      role, inputs: inputs.map { ValueInfo($0.0, $0.1) }, outputs: [ValueInfo(output.0, output.1)], nodes: nodes,
      initializers: initializers)
    try ModelWriter.write(Model(graph: graph), to: path("\(role).onnx"))
  }

  private func writeDenoiser(_ nodes: [Node]) throws {
    try write(
      "unet",
      [("sample", floats(1, 2, 2)), ("timestep", .tensor(.int64, [.symbol("batch")])), ("context", floats(2, 2))],
      ("eps", floats(1, 2, 2)), nodes,
      [
        "one": Tensor([1] as [Int64], dims: [1]), "zero": Tensor([0] as [Float], dims: [1]),
        "nan": Tensor([.nan] as [Float], dims: [1]),
      ])
  }

  private func bundle() throws {
    let json =
      #"{"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "scaling_factor": 2, "num_inference_steps": 4}"#
    try Data(json.utf8).write(to: URL(filePath: path("scheduler.json")))
    let files = try Bundle.files(inFolder: folder.path)
    try Bundle.create(pipeline, files)
  }

  private func options() throws -> Dream.Options { Dream.Options(backend: try Backend.reference) }
  private let eeg: [Float] = [0.2, -0.4, 0.6, 0.8, -0.2, 0.4, -0.6, -0.8]
  private var recording: Recording {
    get throws { try Recording(["eeg": Tensor(eeg, dims: [2, 2, 2])], source: "eeg.npy") }
  }

  /// The latent that the sampler gives when every prediction is half of the trial.
  private func expectedLatent(trial: Int, from noise: [Float], _ kind: SamplerKind, steps: Int) throws -> [Float] {
    let schedule = try NoiseSchedule(.scaledLinear, betaStart: 0.00085, betaEnd: 0.012, trainSteps: 1000)
    var sampler = try kind.makeSampler(schedule, steps: steps, count: 4)
    noise.withUnsafeBufferPointer { sampler.start(from: $0) }
    let prediction = eeg[trial * 4..<trial * 4 + 4].map { $0 * 0.5 }
    while sampler.timestep != nil {
      prediction.withUnsafeBufferPointer { sampler.advance(epsilon: $0, freshNoise: nil) }
    }
    return sampler.sample.map { $0 / 2 }
  }

  @Test(arguments: [(SamplerKind?.none, Int?.none), (.ddim, 5)])
  func everyTrialBecomesItsPictures(sampler: SamplerKind?, steps: Int?) throws {
    var options = try options()
    options.sampler = sampler
    options.steps = steps
    options.alsoComputes = ["latent", "tokens"]
    let dream = try Dream(pipeline, options: options)
    let seen = Mutex<[[Int]]>([])
    let (results, summary) = try dream.run(recording, noise: .seed(3), samples: 2) { picture, pictures, done, total in
      seen.withLock { $0.append([picture, pictures, done, total]) }
    }
    #expect(results.map(\.trial) == [0, 0, 1, 1])
    #expect(results.map(\.sample) == [0, 1, 0, 1])
    let noise = try StartingNoise.seed(3).tensor(count: 4, latentDims: [1, 2, 2]).elements(of: Float.self)
    let count = steps ?? 4
    for (index, result) in results.enumerated() {
      let start = Array(noise[index * 4..<index * 4 + 4])
      let latent = try expectedLatent(trial: index / 2, from: start, sampler ?? .plms, steps: count)
      #expect(result.outputs["latent"]?.elements(of: Float.self) == latent, "picture \(index)")
      let picture = Tensor(latent + latent + latent, dims: [1, 3, 2, 2])
      #expect([result.picture] == (try Picture.pictures(picture)))
    }
    #expect(results[3].outputs["tokens"]?.elements(of: Float.self) == Array(eeg.suffix(4)))
    #expect(seen.withLock { $0 } == (0..<4).flatMap { picture in (0...count).map { [picture, 4, $0, count] } })
    #expect(summary.placement.map(\.source) == ["reference"])
    #expect(summary.peakByteCount > 0)
  }

  /// What is predicted at a timestep does not depend on the sample here, so a run with guidance is one with a guided
  /// context. The tiny batch is the unconditional half first, then the other.
  @Test(arguments: [SamplerKind.plms, .euler, .unipc]) func guidancePushesAwayFromTheUnconditional(kind: SamplerKind)
    throws
  {
    let unconditional: [Float] = [0.3, 0.1, -0.2, 0.4]
    try ArrayFile.write(.tensor(Tensor(unconditional, dims: [2, 2])), to: path("null.npy"), name: "null")
    try Bundle.replaceUnconditional(in: pipeline, with: path("null.npy"))
    #expect("\(try #require(try Bundle.list(pipeline).first { $0.role == "unet" }?.unconditional))" == "float[1,2,2]")
    var options = try options()
    options.sampler = kind
    options.guidance = 3
    options.alsoComputes = ["latent"]
    let dream = try Dream(pipeline, options: options)
    let results = try dream.run(recording, noise: .seed(3)).results
    let schedule = try NoiseSchedule(.scaledLinear, betaStart: 0.00085, betaEnd: 0.012, trainSteps: 1000)
    let noise = try StartingNoise.seed(3).tensor(count: 2, latentDims: [1, 2, 2]).elements(of: Float.self)
    for trial in 0..<2 {
      var sampler = try kind.makeSampler(schedule, steps: 4, count: 4)
      noise[trial * 4..<trial * 4 + 4].withUnsafeBufferPointer { sampler.start(from: $0) }
      let prediction = (0..<4).map { unconditional[$0] + 3 * (eeg[trial * 4 + $0] * 0.5 - unconditional[$0]) }
      while sampler.timestep != nil {
        prediction.withUnsafeBufferPointer { sampler.advance(epsilon: $0, freshNoise: nil) }
      }
      #expect(results[trial].outputs["latent"]?.elements(of: Float.self) == sampler.sample.map { $0 / 2 })
    }
    let notes = try dream.notes(for: results[0], seed: 3, noise: nil, eeg: path("null.npy"))
    #expect(notes.contains(.init("guidance", "3.0")))
    options.guidance = 1
    let plain = try Dream(pipeline, options: options).run(recording, noise: .seed(3)).results
    #expect(
      plain[0].outputs["latent"]?.elements(of: Float.self) != results[0].outputs["latent"]?.elements(of: Float.self))
  }

  /// The noise of a picture is its own: it is the same when another is drawn before it, and with its starting noise
  /// from a file.
  @Test(arguments: [(SamplerKind.eulerAncestral, Double?.none), (.ddim, 1)])
  func freshNoiseComesFromTheSeed(kind: SamplerKind, eta: Double?) throws {
    var options = try options()
    options.sampler = kind
    options.eta = eta
    options.alsoComputes = ["latent"]
    let dream = try Dream(pipeline, options: options)
    func latents(_ noise: StartingNoise, seed: UInt64?) throws -> [[Float]] {
      try dream.run(recording, noise: noise, seed: seed).results.map {
        try #require($0.outputs["latent"]).elements(of: Float.self)
      }
    }
    let start = try StartingNoise.seed(3).tensor(count: 2, latentDims: [1, 2, 2])
    let both = try latents(.seed(3), seed: nil)
    #expect(try latents(.given(start, source: "x_T.npy"), seed: 3) == both)
    let other = try latents(.given(start, source: "x_T.npy"), seed: 4)
    #expect(other[0] != both[0] && other[1] != both[1])

    let schedule = try NoiseSchedule(.scaledLinear, betaStart: 0.00085, betaEnd: 0.012, trainSteps: 1000)
    for trial in 0..<2 {
      var sampler = try kind.makeSampler(schedule, steps: 4, eta: eta ?? 0, count: 4)
      var generator = TorchGenerator(seed: FreshNoise.streamSeed(3, picture: trial))
      start.elements(of: Float.self)[trial * 4..<trial * 4 + 4].withUnsafeBufferPointer { sampler.start(from: $0) }
      let prediction = eeg[trial * 4..<trial * 4 + 4].map { $0 * 0.5 }
      while sampler.timestep != nil {
        let fresh = sampler.needsFreshNoise ? generator.randn(4) : [0, 0, 0, 0]
        prediction.withUnsafeBufferPointer { prediction in
          fresh.withUnsafeBufferPointer { sampler.advance(epsilon: prediction, freshNoise: $0) }
        }
      }
      #expect(both[trial] == sampler.sample.map { $0 / 2 }, "picture \(trial)")
    }
  }

  @Test func samplersAreComparedOnOneTrial() throws {
    let one = try recording.selecting(.ranges([0...0]))
    let settings = [SamplerComparison.Setting(.plms, steps: 20), .init(.unipc, steps: 2)]
    let seen = Mutex<[Int]>([])
    let comparison = try SamplerComparison(
      pipeline, options: options(), recording: one, noise: .seed(3), settings: settings, referenceSteps: 20
    ) { _, index, done, total in
      if done == total { seen.withLock { $0.append(index) } }
    }
    #expect(seen.withLock { $0 } == [0, 1, 2])
    #expect(comparison.entries.map(\.setting) == settings)
    #expect(comparison.entries[0].distance.rmse == 0 && comparison.entries[0].psnrText == "same")
    #expect(comparison.entries[0].picture == comparison.reference.picture)
    let sheet = try comparison.sheet(shown: nil)
    #expect(sheet.width > 128 && sheet.height > 3 * 128)

    let many = #expect(throws: DreamError.self) {
      try SamplerComparison(pipeline, options: options(), recording: recording, noise: .seed(3), settings: [])
    }
    #expect(many?.description == "eeg.npy: expected one trial to compare samplers on, found 2")
  }

  @Test func whatIsComparedFitsTheSampler() throws {
    let schedule = try NoiseSchedule(.scaledLinear, betaStart: 0.00085, betaEnd: 0.012, trainSteps: 1000)
    // A fifth of 54 is 10, half of it is 27, which PLMS cannot do.
    let settings = SamplerComparison.settings(samplers: [.plms, .euler], pipelineSteps: 54, schedule: schedule)
    #expect(settings.map(\.steps) == [10, 54, 10, 27, 54])
    let error = #expect(throws: DreamError.self) {
      try SamplerComparison.check([.init(.euler, steps: 27), .init(.plms, steps: 27)], schedule: schedule)
    }
    #expect(error?.description.hasPrefix("plms with 27 steps: steps: expected 26 or 28") == true)
  }

  @Test func aPictureThatIsNotFiniteNamesTheNode() throws {
    try writeDenoiser([
      Node("Unsqueeze", inputs: ["context", "one"], outputs: ["wide"]),
      Node("Mul", name: "spoiler", inputs: ["sample", "nan"], outputs: ["nothing"]),
      Node("Add", inputs: ["nothing", "wide"], outputs: ["eps"]),
    ])
    try bundle()
    let dream = try Dream(pipeline, options: options())
    let error = #expect(throws: DreamError.self) { try dream.run(recording, noise: .seed(1)) }
    #expect(
      error?.description
        == "\(pipeline): node \"unet/spoiler\" (Mul): value \"nothing\" element 0: expected a finite number, found nan")
  }

  @Test func whatDoesNotFitIsRefusedBeforeItRuns() throws {
    let dream = try Dream(pipeline, options: options())
    let wide = try Recording(["eeg": Tensor([Float](repeating: 0, count: 6), dims: [3, 2])], source: "eeg.npy")
    let channels = #expect(throws: DreamError.self) { try dream.run(wide, noise: .seed(1)) }
    #expect(
      channels?.description
        == "eeg.npy: expected 2 channels of 2 samples because input \"eeg\" takes float[batch,2,2], found 3 channels of 2 samples"
    )
    let nan = try Recording(["eeg": Tensor([0, 0, 0, .nan] as [Float], dims: [2, 2])], source: "eeg.npy")
    let finite = #expect(throws: DreamError.self) { try dream.run(nan, noise: .seed(1)) }
    #expect(finite?.description == "eeg.npy: trial 0, channel 1, sample 1: expected a finite number, found nan")
    let samples = #expect(throws: DreamError.self) { try dream.run(recording, noise: .seed(1), samples: 0) }
    #expect(samples?.description == "samples: expected 1 or more, found 0")

    var options = try options()
    options.alsoComputes = ["embedding"]
    let output = #expect(throws: DreamError.self) { try Dream(pipeline, options: options) }
    #expect(
      output?.description.hasSuffix("output: expected picture, tokens, context, latent, found \"embedding\"") == true)
    options = try self.options()
    options.steps = 300
    let steps = #expect(throws: DreamError.self) { try Dream(pipeline, options: options) }
    #expect(
      steps?.description.hasPrefix("\(pipeline): node \"unet\" (ai.oneiro.Denoise): steps: expected ") == true)
  }

  @Test func aReplacedPartIsTheOneThatRuns() throws {
    try write(
      "conditioner", [("tokens", floats(2, 2))], ("context", floats(2, 2)),
      [Node("Identity", inputs: ["tokens"], outputs: ["context"])])
    var options = try options()
    options.replacing = ["conditioner": path("conditioner.onnx")]
    options.alsoComputes = ["context"]
    let dream = try Dream(pipeline, options: options)
    let results = try dream.run(recording, noise: .seed(1)).results
    #expect(results[1].outputs["context"]?.elements(of: Float.self) == Array(eeg.suffix(4)))

    let notes = try dream.notes(for: results[1], seed: 1, noise: nil, eeg: path("scheduler.json"))
    #expect(notes.contains(.init("seed", "1")))
    #expect(notes.contains(.init("trial", "1")))
    #expect(notes.contains(.init("model.sha256", try SHA256.hex(ofFile: pipeline))))
    #expect(notes.contains(.init("conditioner.sha256", try SHA256.hex(ofFile: path("conditioner.onnx")))))
  }
}
