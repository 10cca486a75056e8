import OneiroDream
import OneiroGraph
import Testing

@Suite struct PipelineBuilderTests {
  /// A part of one node, which nobody runs here.
  static func part(
    _ name: String, _ inputs: [(String, ValueType)], _ outputs: [(String, ValueType)],
    opset: Int64 = Model.canonicalOpset
  ) -> Model {
    let graph = Graph(
      name, inputs: inputs.map { ValueInfo($0.0, $0.1) }, outputs: outputs.map { ValueInfo($0.0, $0.1) },
      nodes: [Node("Mystery", name: "only", inputs: inputs.map(\.0), outputs: outputs.map(\.0))])
    return Model(graph: graph, opsetImports: ["": opset])
  }
  static func floats(_ dims: Int...) -> ValueType { .tensor(.float32, [.symbol("batch")] + dims.map(Dimension.known)) }

  static let parts: [String: Model] = [
    "eeg_encoder": part("encoder", [("eeg", floats(8, 32))], [("tokens", floats(4, 6))]),
    "conditioner": part("conditioner", [("tokens", floats(4, 6))], [("context", floats(5, 6))]),
    "unet": part(
      "unet",
      [
        ("sample", .tensor(.float32, [.symbol("batch"), .known(4), .symbol("h"), .symbol("w")])),
        ("timestep", .tensor(.int64, [.symbol("batch")])), ("context", floats(5, 6)),
      ], [("eps", floats(4, 2, 2))]),
    "vae_decoder": part("decoder", [("latent", floats(4, 2, 2))], [("image", floats(3, 16, 16))]),
  ]
  static let scheduler: SchedulerConstants = {
    var scheduler = SchedulerConstants(betaStart: 0.00085, betaEnd: 0.012, latentScale: 0.5)
    scheduler.latentShape = [4, 2, 2]
    return scheduler
  }()

  @Test func thePartsAreWiredByRole() throws {
    let model = try PipelineBuilder.build(Self.parts, scheduler: Self.scheduler, name: "dream")
    let graph = model.graph
    #expect(
      graph.nodes.map { "\($0.outputs) = \($0.op) \($0.inputs)" } == [
        #"["tokens"] = ai.oneiro.Subgraph ["eeg"]"#,
        #"["context"] = ai.oneiro.Subgraph ["tokens"]"#,
        #"["latent"] = ai.oneiro.Denoise ["noise", "context"]"#,
        #"["picture"] = ai.oneiro.Subgraph ["latent"]"#,
      ])
    #expect(graph.inputs.map { "\($0.name): \($0.type!)" } == ["eeg: float[batch,8,32]", "noise: float[batch,4,2,2]"])
    #expect(graph.outputs.map(\.name) == ["picture", "tokens", "context", "latent"])
    #expect(PipelineBuilder.parts(of: model).map(\.role) == ["eeg_encoder", "conditioner", "unet", "vae_decoder"])
    #expect(model.opsetImports == ["": Model.canonicalOpset, Model.oneiroDomain: Model.oneiroOpset])
  }

  @Test func whatNoPartMakesIsAnInput() throws {
    var parts = Self.parts
    parts["eeg_encoder"] = nil
    parts["conditioner"] = nil
    let model = try PipelineBuilder.build(parts, scheduler: Self.scheduler, name: "dream")
    #expect(model.graph.inputs.map(\.name) == ["noise", "context"])
  }

  @Test func anExtractedPartIsTheOneThatWentIn() throws {
    let model = try PipelineBuilder.build(Self.parts, scheduler: Self.scheduler, name: "dream")
    let part = try PipelineBuilder.extract("conditioner", from: model, name: "dream.onnx")
    #expect(part.graph.inputs == Self.parts["conditioner"]!.graph.inputs)
    #expect(part.opsetImports == ["": Model.canonicalOpset])
    let error = #expect(throws: DreamError.self) {
      try PipelineBuilder.extract("vae_encoder", from: model, name: "dream.onnx")
    }
    #expect(
      error?.description
        == "dream.onnx: role: expected one of eeg_encoder, conditioner, unet, vae_decoder, found \"vae_encoder\"")
  }

  @Test(arguments: [
    ("vae_encoder2", floats(1), floats(1), "role: expected eeg_encoder, conditioner, text_encoder"),
    (
      "vae_decoder", floats(4, 9, 2), floats(3, 1, 1),
      "role \"vae_decoder\": input \"in\": expected float[batch,4,9,2], found float[batch,4,2,2]"
    ),
    ("text_encoder", floats(3), floats(5, 6), "role \"text_encoder\": expected no other maker of value \"context\""),
    (
      "unet", floats(3), floats(3),
      "role \"unet\": expected inputs for the sample, the timestep and the context, found 1: in"
    ),
  ])
  func whatDoesNotFitIsRefused(role: String, input: ValueType, output: ValueType, message: String) {
    var parts = Self.parts
    parts[role] = Self.part("other", [("in", input)], [("out", output)])
    let error = #expect(throws: DreamError.self) {
      try PipelineBuilder.build(parts, scheduler: Self.scheduler, name: "dream")
    }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test func aDenoiserNeedsItsConstants() {
    let error = #expect(throws: DreamError.self) {
      try PipelineBuilder.build(Self.parts, scheduler: nil, name: "dream")
    }
    #expect(error?.description == "role \"unet\": expected the constants of its scheduler, found none")
  }

  @Test func partsOfTwoOpsetsAreRefused() {
    var parts = Self.parts
    parts["vae_decoder"] = Self.part(
      "decoder", [("latent", Self.floats(4, 2, 2))], [("image", Self.floats(3, 16, 16))], opset: 17)
    let error = #expect(throws: DreamError.self) {
      try PipelineBuilder.build(parts, scheduler: Self.scheduler, name: "dream")
    }
    #expect(
      error?.description
        == "role \"vae_decoder\": opset of domain \"\": expected 23 because role \"unet\" has it, found 17")
  }

  @Test func aPartIsReplacedByOneThatFits() throws {
    let model = try PipelineBuilder.build(Self.parts, scheduler: Self.scheduler, name: "dream")
    let fitting = Self.part("new", [("x", Self.floats(4, 6))], [("y", Self.floats(5, 6)), ("extra", Self.floats(1))])
    let replaced = try PipelineBuilder.replace("conditioner", in: model, with: fitting, name: "dream.onnx")
    #expect(PipelineBuilder.parts(of: replaced)[1].body.name == "new")

    let wide = Self.part("wide", [("x", Self.floats(4, 768))], [("y", Self.floats(5, 6))])
    let error = #expect(throws: DreamError.self) {
      try PipelineBuilder.replace("conditioner", in: model, with: wide, name: "dream.onnx")
    }
    #expect(
      error?.description
        == "role \"conditioner\": input \"x\": expected float[batch,4,6], found float[batch,4,768] (the pipeline gives it)"
    )
    let few = Self.part("few", [("x", Self.floats(4, 6)), ("z", Self.floats(1))], [("y", Self.floats(5, 6))])
    let count = #expect(throws: DreamError.self) {
      try PipelineBuilder.replace("conditioner", in: model, with: few, name: "dream.onnx")
    }
    #expect(count?.description == "role \"conditioner\": expected 1 inputs (tokens), found 2 (x, z)")
  }
}

@Suite struct DenoiseSettingsTests {
  private func node(_ attributes: [String: Attribute] = [:]) -> Node {
    Node(
      "Denoise", domain: Model.oneiroDomain, name: "unet", inputs: ["noise"], outputs: ["latent"],
      attributes: attributes)
  }

  @Test func constantsSurviveTheirAttributes() throws {
    var constants = SchedulerConstants(betaStart: 0.00085, betaEnd: 0.012, latentScale: 0.18215)
    constants.sampler = .ddim
    constants.eta = 0.1
    constants.steps = 20
    constants.guidance = 7.5
    let settings = try DenoiseSettings(node(constants.attributes))
    let schedule = try NoiseSchedule(.scaledLinear, betaStart: 0.00085, betaEnd: 0.012, trainSteps: 1000)
    #expect(settings.schedule.betas == schedule.betas, "not those of 0.00085 rounded to float32")
    #expect(settings.sampler == .ddim)
    #expect(settings.steps == 20)
    #expect(settings.eta == 0.1)
    #expect(settings.guidance == 7.5)
    #expect(settings.latentScale == 0.18215)
  }

  @Test(
    arguments: [
      ("scheduler", .string("heun"), "sampler: expected \(SamplerKind.names), found \"heun\""),
      ("guidance", .float(.infinity), "guidance: expected a finite number, found inf"),
      ("steps", .int(0), "steps: expected 1 ... 1000, found 0"),
      ("steps", .int(.max), "steps: expected 1 ... 1000, found 9223372036854775807"),
      ("train_steps", .int(-5), "noise schedule: train_steps: expected 1 ... 1000000, found -5"),
      ("beta_schedule", .string("cosine"), "beta_schedule: expected scaled_linear or linear, found \"cosine\""),
      (
        "prediction", .string("v_prediction"),
        "prediction: expected epsilon, the only one there is, found \"v_prediction\""
      ),
      ("latent_scale", .float(0), "latent_scale: expected a number above 0, found 0.0"),
      ("eta", .float(1), "eta: expected 0 because the sampler is plms, found 1.0"),
      ("beta_end", .float(.nan), "noise schedule: beta_end: expected a number between 0 and 1, found nan"),
    ] as [(String, Attribute, String)])
  func whatMakesNoRunIsRefusedByNode(name: String, value: Attribute, message: String) {
    let error = #expect(throws: DreamError.self) { try DenoiseSettings(node([name: value])) }
    #expect(error?.description == "node \"unet\" (ai.oneiro.Denoise): \(message)")
  }

  @Test func stepsAndSamplerOfAPipelineCanBeChanged() throws {
    let model = try PipelineBuilder.build(
      PipelineBuilderTests.parts, scheduler: PipelineBuilderTests.scheduler, name: "dream")
    let changed = try PipelineBuilder.setSampling(.ddim, steps: 8, in: model, name: "dream.onnx")
    let settings = try DenoiseSettings(changed.graph.nodes[2])
    #expect(settings.sampler == .ddim)
    #expect(settings.steps == 8)
    let error = #expect(throws: DreamError.self) {
      try PipelineBuilder.setSampling(nil, steps: 3, in: model, name: "dream.onnx")
    }
    #expect(
      error?.description.hasPrefix("dream.onnx: node \"unet\" (ai.oneiro.Denoise): steps: expected 2 or 4") == true)
  }

  @Test func etaOfAnotherSamplerIsForgotten() throws {
    var scheduler = PipelineBuilderTests.scheduler
    scheduler.sampler = .ddim
    scheduler.eta = 0.5
    let model = try PipelineBuilder.build(PipelineBuilderTests.parts, scheduler: scheduler, name: "dream")
    let euler = try PipelineBuilder.setSampling(.euler, in: model, name: "dream.onnx")
    #expect(try DenoiseSettings(euler.graph.nodes[2]).eta == 0)
    let ddim = try PipelineBuilder.setSampling(.ddim, in: model, name: "dream.onnx")
    #expect(try DenoiseSettings(ddim.graph.nodes[2]).eta == 0.5)
    let error = #expect(throws: DreamError.self) {
      try PipelineBuilder.setSampling(.euler, eta: 0.5, in: model, name: "dream.onnx")
    }
    #expect(
      error?.description
        == "dream.onnx: node \"unet\" (ai.oneiro.Denoise): eta: expected 0 because the sampler is euler, found 0.5")
  }
}

@Suite struct UnconditionalContextTests {
  private typealias Parts = PipelineBuilderTests
  private let context = Tensor([Float](repeating: 0.5, count: 30), dims: [5, 6])
  private func model(guidance: Double = 3) throws -> Model {
    var scheduler = Parts.scheduler
    scheduler.guidance = guidance
    return try PipelineBuilder.build(
      Parts.parts, scheduler: scheduler, unconditional: UnconditionalContext(context, source: "null.npy"),
      name: "dream")
  }

  @Test func itIsAnInitializerThatTheLoopReads() throws {
    let model = try model()
    #expect(model.graph.nodes[2].inputs == ["noise", "context", "unconditional_context"])
    #expect(model.graph.initializers["unconditional_context"]?.dims == [1, 5, 6])
    #expect(model.graph.inputs.map(\.name) == ["eeg", "noise"])
    #expect(try DenoiseSettings(model.graph.nodes[2]).guidance == 3)
  }

  @Test func itStaysWhenPartsChange() throws {
    let unet = try PipelineBuilder.extract("unet", from: try model(), name: "dream.onnx")
    #expect(unet.graph.requiredInputs.map(\.name) == ["sample", "timestep", "context"])
    let replaced = try PipelineBuilder.replace("unet", in: try model(), with: unet, name: "dream.onnx")
    #expect(replaced.graph.nodes[2].inputs.last == "unconditional_context")
    #expect(replaced.graph.initializers["unconditional_context"]?.elements(of: Float.self).first == 0.5)
    let other = try UnconditionalContext(Tensor([Double](repeating: 2, count: 30), dims: [1, 5, 6]), source: "x.npy")
    let again = try other.placed(in: replaced, name: "dream.onnx")
    #expect(again.graph.nodes[2].inputs.count == 3)
    #expect(again.graph.initializers["unconditional_context"]?.elements(of: Float.self).first == 2)
  }

  @Test func guidanceNeedsIt() throws {
    let message =
      "dream: guidance: expected 1 because the pipeline has no unconditional context "
      + "(oneiro bundle replace --unconditional FILE), found 7.5"
    var scheduler = Parts.scheduler
    scheduler.guidance = 7.5
    let made = #expect(throws: DreamError.self) {
      try PipelineBuilder.build(Parts.parts, scheduler: scheduler, name: "dream")
    }
    #expect(made?.description == message)
    let plain = try PipelineBuilder.build(Parts.parts, scheduler: Parts.scheduler, name: "dream")
    let asked = #expect(throws: DreamError.self) {
      try PipelineBuilder.setSampling(guidance: 7.5, in: plain, name: "dream")
    }
    #expect(asked?.description == message)
    _ = try PipelineBuilder.setSampling(guidance: 1, in: plain, name: "dream")
  }

  @Test(arguments: [
    (Tensor([Float](repeating: 0, count: 20), dims: [5, 4]), "found float[?,5,4] (input \"context\" of role \"unet\""),
    (
      Tensor([Float](repeating: 0, count: 60), dims: [2, 5, 6]),
      "expected float[T,D] or float[1,T,D], found float[2,5,6]"
    ),
    (Tensor([Float](repeating: 0, count: 30), dims: [30]), "expected float[T,D] or float[1,T,D], found float[30]"),
    (Tensor([Int64](repeating: 0, count: 30), dims: [5, 6]), "expected float[T,D] or float[1,T,D], found int64[5,6]"),
    (
      Tensor([Double](repeating: 1e60, count: 30), dims: [5, 6]),
      "element 0: expected a finite float32 number, found inf"
    ),
  ])
  func whatIsNoContextIsRefused(tensor: Tensor, message: String) {
    let error = #expect(throws: DreamError.self) {
      try PipelineBuilder.build(
        Parts.parts, scheduler: Parts.scheduler, unconditional: UnconditionalContext(tensor, source: "null.npy"),
        name: "dream")
    }
    #expect(
      error?.description.hasPrefix("null.npy") == true && error?.description.contains(message) == true,
      "\(error?.description ?? "")")
  }
}

@Suite struct SchedulerConstantsTests {
  private func read(_ json: String) throws(DreamError) -> SchedulerConstants {
    try SchedulerConstants(json: Array(json.utf8), name: "scheduler.json")
  }
  private let needed = #""num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "scaling_factor": 0.5"#

  @Test func everyConstantIsRead() throws {
    let constants = try read(
      """
      {\(needed), "beta_schedule": "linear", "sampler": "ddim", "num_inference_steps": 20, "eta": 0.5,
       "prediction_type": "epsilon", "guidance_scale": 7.5, "latent_shape": [4, 8, 8], "comment": {"not": "looked at"}}
      """)
    var expected = SchedulerConstants(betaStart: 0.00085, betaEnd: 0.012, latentScale: 0.5)
    expected.betaSchedule = .linear
    expected.sampler = .ddim
    expected.steps = 20
    expected.eta = 0.5
    expected.guidance = 7.5
    expected.latentShape = [4, 8, 8]
    #expect(constants == expected)
  }

  @Test(arguments: [
    ("", "scheduler.json: expected the JSON of a scheduler, found"),
    ("[1]", "scheduler.json: expected the JSON of a scheduler, found"),
    (#"{"beta_start": 0.1}"#, "scheduler.json: beta_end: expected a value, found none"),
    (#"{NEEDED, "sampler": "heun"}"#, #"scheduler.json: sampler: expected plms or ddim or euler or"#),
    (
      #"{NEEDED, "prediction_type": "v_prediction"}"#,
      "scheduler.json: prediction_type: expected epsilon, the only one there is, found v_prediction"
    ),
    (#"{NEEDED, "guidance_scale": 1e60}"#, "scheduler.json: guidance_scale: expected a finite number, found 1e+60"),
    (
      #"{NEEDED, "num_inference_steps": 300}"#,
      "scheduler.json: steps: expected 250 or 334, found 300"
    ),
    (#"{NEEDED, "eta": 1}"#, "scheduler.json: eta: expected 0 because the sampler is plms, found 1.0"),
  ])
  func whatMakesNoRunIsRefused(json: String, message: String) {
    let error = #expect(throws: DreamError.self) { try read(json.replacing("NEEDED", with: needed)) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }
}

@Suite struct PipelineInterfaceTests {
  private typealias Parts = PipelineBuilderTests

  @Test func eegAndNoiseAreFound() throws {
    let model = try PipelineBuilder.build(Parts.parts, scheduler: Parts.scheduler, name: "dream")
    let interface = try PipelineInterface(model, name: "dream.onnx")
    #expect("\(interface.eeg)" == "float[batch,8,32]")
    #expect(interface.latentDims == [4, 2, 2])
    #expect(interface.outputs == ["picture", "tokens", "context", "latent"])
  }

  @Test(arguments: [
    ("eeg_encoder", "dream.onnx: expected an input \"eeg\", found tokens, noise"),
    ("vae_decoder", "dream.onnx: expected an output \"picture\", found tokens, context, latent"),
    ("unet", "dream.onnx: expected an input \"noise\", found eeg, latent"),
  ])
  func aPipelineWithoutAPartIsRefused(role: String, message: String) throws {
    var parts = Parts.parts
    parts[role] = nil
    let model = try PipelineBuilder.build(parts, scheduler: Parts.scheduler, name: "dream")
    let error = #expect(throws: DreamError.self) { try PipelineInterface(model, name: "dream.onnx") }
    #expect(error?.description == message)
  }

  @Test func aLatentOfUnknownSizeIsRefused() throws {
    var scheduler = Parts.scheduler
    scheduler.latentShape = nil
    let model = try PipelineBuilder.build(Parts.parts, scheduler: scheduler, name: "dream")
    let error = #expect(throws: DreamError.self) { try PipelineInterface(model, name: "dream.onnx") }
    #expect(
      error?.description
        == "dream.onnx: input \"noise\": expected float[N,C,h,w] with known C, h, w, found float[batch,4,h,w]")
  }
}
