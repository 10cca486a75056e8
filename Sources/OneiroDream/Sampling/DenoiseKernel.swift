import COneiroKernel
import OneiroGraph
import OneiroOps
import OneiroRuntime

/// Runs `ai.oneiro.Denoise`: the sampler's loop around the noise predictor. The predictor is planned once; its session
/// lives in the workspace that the surrounding plan gives.
public enum DenoiseOperator: HostOperator {
  public static let op = Denoise.schema.op

  public static func prepare(
    _ node: Node, inputs: [TensorType?], outputs: [TensorType?],
    plan: (_ body: Graph, _ inputs: [String: TensorType], _ cadence: [[String]]) throws(RunError) -> ExecutionPlan
  ) throws(RunError) -> any PreparedKernel {
    guard case .graph(let body) = node.attributes["body"] else {
      throw .graph(.invalid(node: node, "attribute body", "is missing"))
    }
    if let outside = body.capturedNames.sorted().first {
      throw .graph(
        .invalid(node: node, "body", "reads \"\(outside)\" of the graph around it, which the loop does not give it"))
    }
    guard let noise = inputs.first ?? nil, let dims = noise.dims, let batch = dims.first else {
      throw .graph(.invalid(node: node, "input 0", "is missing, or has no first axis for the batch"))
    }
    let settings: DenoiseSettings
    do { settings = try DenoiseSettings(node) } catch { throw runError(error, at: node) }
    let contexts = Contexts(inputs, batch: batch, isGuided: settings.guidance != 1)
    if settings.guidance != 1 { try contexts.checkGuided(node, settings.guidance) }
    let sample = contexts.widened(noise)
    guard let wideBatch = sample.dims?.first else {
      throw .graph(
        .mismatch(node: node, "batch", expected: "a number of pictures that can be doubled", found: "\(batch)"))
    }
    let given =
      [sample, TensorType(.int64, dims: [wideBatch])] + (contexts.conditional.map { [contexts.widened($0)] } ?? [])
    let formal = body.requiredInputs.map(\.name)
    guard formal.count == given.count else {
      throw .graph(
        .mismatch(
          node: node, "body", expected: "\(given.count) inputs",
          found: "\(formal.count): \(formal.joined(separator: ", "))"))
    }
    // The context stays the same through all steps, the timestep through all calls of a step.
    let cadence = [Array(formal.dropFirst(2)), [formal[1]]]
    let bodyPlan = try plan(body, Dictionary(uniqueKeysWithValues: zip(formal, given)), cadence)
    return try DenoiseKernel(node, body: body, plan: bodyPlan, settings: settings, sample: sample, batch: batch)
  }

  /// What conditions the predictions, and what stands for no condition.
  private struct Contexts {
    let conditional: TensorType?
    private let unconditional: TensorType?
    private let batch: Int
    private let isGuided: Bool

    init(_ inputs: [TensorType?], batch: Int, isGuided: Bool) {
      conditional = inputs.count > 1 ? inputs[1] : nil
      unconditional = inputs.count > 2 ? inputs[2] : nil
      self.batch = batch
      self.isGuided = isGuided
    }

    func checkGuided(_ node: Node, _ guidance: Float) throws(RunError) {
      guard let unconditional, let conditional, let one = unconditional.dims, let many = conditional.dims else {
        throw .graph(
          .mismatch(
            node: node, "guidance", expected: "1 because there is no unconditional context", found: "\(guidance)"))
      }
      guard many.first == batch, one.count == many.count, one.first == 1 || one.first == batch,
        one.dropFirst() == many.dropFirst()
      else {
        throw .graph(
          .mismatch(
            node: node, "input \"unconditional\"", expected: "\(conditional), or 1 at the first axis",
            found: "\(unconditional)"))
      }
    }

    /// The type of both halves of the batch; no shape where it cannot be doubled.
    func widened(_ type: TensorType) -> TensorType {
      guard isGuided, let dims = type.dims, let first = dims.first else { return type }
      let (twice, overflow) = first.multipliedReportingOverflow(by: 2)
      let wide = [twice] + dims.dropFirst()
      guard !overflow, Tensor.elementCount(wide) != nil else { return TensorType(type.elementType, nil) }
      return TensorType(type.elementType, dims: wide)
    }
  }

  /// The same complaint in the runtime's words, under the node's name.
  static func runError(_ error: DreamError, at node: Node) -> RunError {
    switch error {
    case .graph(let error): .graph(error)
    case .run(let error): error
    case .mismatch(let place, let expected, let found):
      .graph(.mismatch(node: node, place, expected: expected, found: found))
    case .file(let path, let reason): .graph(.invalid(file: path, node: node, nil, reason))
    }
  }
}

/// A Denoise node that is ready to run.
final class DenoiseKernel: PlannedBody {
  let source = "sampler"
  let bodyPlan: ExecutionPlan
  private let node: Node
  private let role: String
  private let settings: DenoiseSettings
  /// How many pictures are drawn at once.
  private let batch: Int
  /// Where the plan takes the predictor's inputs and gives its output; the context is `nil` where there is none.
  private let sample: Int
  private let timestep: Int
  private let context: Int?
  private let epsilon: Int

  var workspaceByteCount: Int { bodyPlan.arenaByteCount }

  init(
    _ node: Node, body: Graph, plan: ExecutionPlan, settings: DenoiseSettings, sample type: TensorType, batch: Int
  ) throws(RunError) {
    func input(_ index: Int) throws(RunError) -> Int {
      let name = body.requiredInputs[index].name
      guard let found = plan.inputs.firstIndex(where: { $0.name == name }) else {
        throw .graph(.invalid(node: node, "input \"\(name)\" of the body", "has no place in the body's plan"))
      }
      return found
    }
    sample = try input(0)
    timestep = try input(1)
    context = body.requiredInputs.count > 2 ? try input(2) : nil
    // What does not depend on the inputs is worked out while planning and is no output of the plan.
    guard let output = body.outputs.first, let found = plan.outputs.firstIndex(where: { $0.name == output.name }) else {
      throw .graph(.invalid(node: node, "body", "gives a prediction that does not depend on the sample"))
    }
    guard plan.outputs[found].type == type else {
      throw .graph(
        .mismatch(
          node: node, "output \"\(output.name)\" of the body", expected: "\(type)",
          found: "\(plan.outputs[found].type)",
          because: "it predicts the noise of \"\(node.inputs[0])\""))
    }
    epsilon = found
    bodyPlan = plan
    self.node = node
    self.settings = settings
    self.batch = batch
    role = node.pipelineRole ?? node.label
  }

  /// The predictor's session and the sampler's memory: all that a run writes to.
  private final class State {
    var session: Session
    var loop: DenoiseLoop
    var freshNoise: FreshNoise
    /// The context of the run, where somebody looks at the calls.
    var contextSeen: Tensor?
    init(_ session: consuming Session, _ loop: DenoiseLoop, _ freshNoise: FreshNoise) {
      self.session = session
      self.loop = loop
      self.freshNoise = freshNoise
    }
  }

  func makeSessionState(workspace: UnsafeMutableRawPointer?) throws(RunError) -> AnyObject? {
    let session = try Session(bodyPlan, arena: workspace)
    let memory = DenoiseLoop.Memory(
      sample: session.input(sample).bindMemory(to: Float.self),
      timestep: session.input(timestep).bindMemory(to: Int64.self),
      epsilon: session.output(epsilon).bindMemory(to: Float.self))
    let loop: DenoiseLoop
    do { loop = try DenoiseLoop(settings, memory: memory) } catch { throw DenoiseOperator.runError(error, at: node) }
    return State(session, loop, FreshNoise(count: settings.addsFreshNoise ? batch : 0))
  }

  func compute(_ call: borrowing StepCall) throws(RunError) {
    guard let state = call.state as? State else { preconditionFailure("a session without its state") }
    let options = call.options
    let (bodyOptions, role, contextPort) = (options, role, context)
    let noise = floats(call.inputs[0])
    let latent = UnsafeMutableBufferPointer(mutating: floats(call.outputs[0]))
    let context = contextPort == nil ? nil : bytes(call.inputs[1])
    let unconditional = settings.guidance == 1 ? nil : bytes(call.inputs[2])
    state.freshNoise.start(seed: options.seed, first: options.firstItem)
    var lastTimestep: Int64?
    try state.loop.run(from: noise, to: latent, preview: options.preview) { memory in
      state.freshNoise.fill(memory)
    } predict: { () throws(RunError) in
      let now = state.session.input(timestep).bindMemory(to: Int64.self).first
      let first = lastTimestep == nil ? 0 : bodyPlan.firstSteps[lastTimestep == now ? 1 : 0]
      lastTimestep = now
      // A body that runs from its first step on may have used an input's memory for something else.
      if first == 0, let contextPort, let context {
        Self.write(context, after: unconditional, to: state.session.input(contextPort))
      }
      if let observe = bodyOptions.observeCalls {
        if first == 0 { state.contextSeen = contextPort.map { tensor(of: $0, in: state) } }
        observe(role, inputs(of: state))
      }
      try state.session.execute(bodyOptions, from: first)
    } progress: { done, total in
      bodyOptions.progress?(role, done, total)
    }
  }

  /// A copy of what the predictor is about to be called with.
  private func inputs(of state: State) -> [String: Tensor] {
    var inputs: [String: Tensor] = [:]
    for port in [sample, timestep] { inputs[bodyPlan.inputs[port].name] = tensor(of: port, in: state) }
    if let context { inputs[bodyPlan.inputs[context].name] = state.contextSeen }
    return inputs
  }

  private func tensor(of index: Int, in state: State) -> Tensor {
    let port = bodyPlan.inputs[index], memory = state.session.input(index)
    return Tensor(
      port.type.elementType, dims: port.dims,
      storage: ByteStorage(byteCount: memory.count) { $0.copyMemory(from: UnsafeRawBufferPointer(memory)) })
  }

  /// Fills the first half of the memory with the unconditional context, as often as it fits, and the rest with the
  /// other.
  private static func write(
    _ context: UnsafeRawBufferPointer, after unconditional: UnsafeRawBufferPointer?,
    to memory: UnsafeMutableRawBufferPointer
  ) {
    guard let unconditional else { return memory.copyMemory(from: context) }
    let half = context.count
    if unconditional.count > 0 {
      for start in stride(from: 0, to: half, by: unconditional.count) {
        UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + unconditional.count])
          .copyMemory(from: unconditional)
      }
    }
    UnsafeMutableRawBufferPointer(rebasing: memory[half...]).copyMemory(from: context)
  }

  private func bytes(_ tensor: oneiro_tensor) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: tensor.data, count: tensor.byte_count)
  }

  private func floats(_ tensor: oneiro_tensor) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(
      start: tensor.data?.assumingMemoryBound(to: Float.self), count: tensor.byte_count / MemoryLayout<Float>.size)
  }
}
