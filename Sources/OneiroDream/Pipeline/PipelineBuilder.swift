import OneiroGraph
import OneiroPasses

/// Wires the graphs of parts into one model, and takes them out again.
public enum PipelineBuilder {
  /// A model whose main graph runs the parts, each the body of one node. Every value that a part makes is an output of
  /// the pipeline, the picture first: a run computes those alone that it is asked for.
  ///
  /// - parts: by role. Their opsets must agree.
  /// - scheduler: needed when there is a noise predictor.
  /// - unconditional: what guidance takes for no condition; see `UnconditionalContext`.
  public static func build(
    _ parts: [String: Model], scheduler: SchedulerConstants?, unconditional: UnconditionalContext? = nil, name: String
  ) throws(DreamError) -> Model {
    for role in parts.keys.sorted() { _ = try PipelinePart.named(role) }
    guard parts[preparationRole] == nil else {
      throw .mismatch(
        at: "role \"\(preparationRole)\"", expected: "a preparation.json, which that part is made from (--preparation)",
        found: "a graph")
    }
    guard !parts.isEmpty else { throw .mismatch(at: name, expected: "at least one part", found: "none") }
    var graph = Graph(name)
    var values: [String: Made] = [:]
    var opsets: [String: (version: Int64, role: String)] = [Model.oneiroDomain: (Model.oneiroOpset, "the pipeline")]
    for part in PipelinePart.all {
      guard let model = parts[part.role] else { continue }
      for (domain, version) in model.opsetImports.sorted(by: { $0.key < $1.key }) {
        if let known = opsets[domain], known.version != version {
          throw .mismatch(
            at: "role \"\(part.role)\": opset of domain \"\(domain)\"",
            expected: "\(known.version) because \(known.role) has it", found: "\(version)")
        }
        opsets[domain] = (version, "role \"\(part.role)\"")
      }
      let body = try self.body(of: model)
      var types = body.requiredInputs
      if part.isDenoiser { try removeTimestep(&types, body) }
      if part.isDenoiser, types.count == 1 { types.append(ValueInfo("", nil)) }
      guard types.count == part.inputs.count else { throw inputCount(part, body) }
      var inputs: [String] = []
      for (value, formal) in zip(part.inputs, types) {
        guard !formal.name.isEmpty else { continue }
        var type = formal.type
        if part.isDenoiser, value == "noise" { type = try shaped(type, scheduler?.latentShape) }
        if let made = values[value] {
          try PartSignature.check(
            made.type, fits: type, "role \"\(part.role)\": input \"\(formal.name)\"", because: made.maker)
        } else {
          values[value] = Made(type: type, maker: "input \"\(formal.name)\" of role \"\(part.role)\"")
          graph.inputs.append(ValueInfo(value, type))
        }
        inputs.append(value)
      }
      guard !body.outputs.isEmpty else {
        throw .mismatch(at: "role \"\(part.role)\"", expected: "an output", found: "none")
      }
      let outputs = Array(part.outputs.prefix(body.outputs.count))
      for (value, formal) in zip(outputs, body.outputs) {
        if let other = values[value] {
          throw .mismatch(
            at: "role \"\(part.role)\"", expected: "no other maker of value \"\(value)\"", found: other.maker)
        }
        // A denoiser's output is a sample, so it has the type of what it started from.
        let type = part.isDenoiser ? values["noise"]?.type : formal.type
        values[value] = Made(type: type, maker: "role \"\(part.role)\" makes it")
        graph.outputs.append(ValueInfo(value, type))
      }
      var node = Node(
        part.isDenoiser ? "Denoise" : "Subgraph", domain: Model.oneiroDomain, name: part.role, inputs: inputs,
        outputs: outputs,
        attributes: ["role": .string(part.role), "body": .graph(body)])
      if part.isDenoiser {
        guard let scheduler else {
          throw .mismatch(at: "role \"\(part.role)\"", expected: "the constants of its scheduler", found: "none")
        }
        node.attributes.merge(scheduler.attributes) { own, _ in own }
      }
      graph.nodes.append(node)
    }
    if let picture = graph.outputs.firstIndex(where: { $0.name == "picture" }) {
      graph.outputs.insert(graph.outputs.remove(at: picture), at: 0)
    }
    var model = Model(graph: graph, opsetImports: opsets.mapValues(\.version))
    if let unconditional { model = try unconditional.placed(in: model, name: name) }
    if let denoise = model.graph.nodes.first(where: \.isDenoise) { try checkGuidance(denoise, name) }
    return model
  }

  /// The graphs of the parts by role, in the order in which the main graph runs them.
  public static func parts(of model: Model) -> [(role: String, node: Node, body: Graph)] {
    model.graph.nodes.compactMap { node in
      guard let role = node.pipelineRole, case .graph(let body) = node.attributes["body"] else { return nil }
      return (role, node, body)
    }
  }

  /// One part as a model of its own.
  public static func extract(_ role: String, from model: Model, name: String) throws(DreamError) -> Model {
    let body = try part(role, of: model, name).body
    var result = Model(graph: body, opsetImports: model.opsetImports)
    if !body.nodes.contains(where: { $0.domain == Model.oneiroDomain }) {
      result.opsetImports[Model.oneiroDomain] = nil
    }
    result.functions = model.functions
    return result
  }

  /// The pipeline with another graph for a role. It must take and give what the old one does.
  public static func replace(_ role: String, in model: Model, with part: Model, name: String) throws(DreamError)
    -> Model
  {
    let old = try Self.part(role, of: model, name)
    for (domain, version) in part.opsetImports.sorted(by: { $0.key < $1.key }) {
      guard model.opsetImports[domain, default: version] == version else {
        throw .mismatch(
          at: "role \"\(role)\": opset of domain \"\(domain)\"",
          expected: "\(model.opsetImports[domain]!) because the pipeline has it", found: "\(version)")
      }
    }
    let body = try self.body(of: part)
    try PartSignature.check(body, replaces: old.body, outputCount: old.node.outputs.count, role: role)
    var result = model
    result.opsetImports.merge(part.opsetImports) { own, _ in own }
    result.graph.nodes = model.graph.nodes.map { node in
      guard node.pipelineRole == role else { return node }
      var copy = node
      copy.attributes["body"] = .graph(body)
      return copy
    }
    return result
  }

  /// The pipeline sampled in another way; `nil` keeps what the file says.
  /// - eta: of DDIM; another sampler takes none, so choosing one sets it to 0.
  /// - guidance: a number other than 1 needs an unconditional context in the pipeline.
  public static func setSampling(
    _ sampler: SamplerKind? = nil, steps: Int? = nil, eta: Double? = nil, guidance: Double? = nil, in model: Model,
    name: String
  ) throws(DreamError) -> Model {
    guard sampler != nil || steps != nil || eta != nil || guidance != nil else { return model }
    var result = model
    guard let index = model.graph.nodes.firstIndex(where: \.isDenoise) else {
      throw .mismatch(at: name, expected: "a pipeline with a node of ai.oneiro.Denoise to sample with", found: "none")
    }
    var node = model.graph.nodes[index]
    if let sampler {
      node.attributes["scheduler"] = .string(sampler.rawValue)
      if !sampler.takesEta { node.attributes["eta"] = .float(0) }
    }
    if let steps { node.attributes["steps"] = .int(Int64(steps)) }
    if let eta { node.attributes["eta"] = .float(Float(eta)) }
    if let guidance { node.attributes["guidance"] = .float(Float(guidance)) }
    do { _ = try DenoiseSettings(node) } catch { throw error.located(in: name) }
    try checkGuidance(node, name)
    result.graph.nodes[index] = node
    return result
  }

  /// Refuses guidance that has nothing to push away from.
  private static func checkGuidance(_ node: Node, _ name: String) throws(DreamError) {
    guard case .float(let guidance) = node.attributes["guidance"], guidance != 1,
      UnconditionalContext.name(in: node) == nil
    else { return }
    throw .mismatch(
      at: "\(name): guidance",
      expected: "1 because the pipeline has no unconditional context (oneiro bundle replace --unconditional FILE)",
      found: "\(guidance)")
  }

  static func part(_ role: String, of model: Model, _ name: String) throws(DreamError) -> (node: Node, body: Graph) {
    let all = parts(of: model)
    guard let found = all.first(where: { $0.role == role }) else {
      let roles = all.isEmpty ? "a pipeline file" : "one of " + all.map(\.role).joined(separator: ", ")
      throw .mismatch(at: "\(name): role", expected: roles, found: "\"\(role)\"")
    }
    return (found.node, found.body)
  }

  /// What is known of a value of the main graph, and where from.
  private struct Made {
    let type: ValueType?
    let maker: String
  }

  /// A pipeline file has one list of functions; a part's own would clash there.
  private static func body(of model: Model) throws(DreamError) -> Graph {
    do { return try InlineFunctions.apply(to: model).graph } catch { throw .graph(error) }
  }

  /// The second input of a noise predictor comes from the loop and not from the main graph.
  private static func removeTimestep(_ inputs: inout [ValueInfo], _ body: Graph) throws(DreamError) {
    guard inputs.count == 2 || inputs.count == 3 else {
      throw .mismatch(
        at: "role \"unet\"", expected: "inputs for the sample, the timestep and the context",
        found: names(body.requiredInputs))
    }
    let timestep = inputs.remove(at: 1)
    try PartSignature.check(
      .tensor(.int64, [.symbol("N")]), fits: timestep.type, "role \"unet\": input \"\(timestep.name)\"",
      because: "it is the timestep")
  }

  /// The type of the starting noise, with the latent's shape where the body leaves it open.
  private static func shaped(_ type: ValueType?, _ latentShape: [Int]?) throws(DreamError) -> ValueType? {
    guard let latentShape, let sample = type?.tensorType else { return type }
    let wanted = [sample.shape?.first ?? .symbol("batch")] + latentShape.map(Dimension.known)
    let shape = ValueType.tensor(sample.elementType, wanted)
    try PartSignature.check(
      shape, fits: type, "role \"unet\": sample", because: "the scheduler's latent_shape is \(latentShape)")
    return shape
  }

  private static func inputCount(_ part: PipelinePart, _ body: Graph) -> DreamError {
    .mismatch(
      at: "role \"\(part.role)\"", expected: "\(part.inputs.count) inputs: \(part.inputs.joined(separator: ", "))",
      found: names(body.requiredInputs))
  }

  private static func names(_ values: [ValueInfo]) -> String {
    values.isEmpty ? "none" : "\(values.count): \(values.map(\.name).joined(separator: ", "))"
  }
}

extension Node {
  var isDenoise: Bool { domain == Model.oneiroDomain && opType == "Denoise" }

  /// The role of a pipeline node; `nil` for any other.
  var pipelineRole: String? {
    guard domain == Model.oneiroDomain, attributes["body"] != nil else { return nil }
    if case .string(let bytes) = attributes["role"] { return String(decoding: bytes, as: UTF8.self) }
    return isDenoise ? "unet" : nil
  }
}
