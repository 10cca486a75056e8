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
    plan: (_ body: Graph, _ inputs: [String: TensorType]) throws(RunError) -> ExecutionPlan
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
    let given = [noise, TensorType(.int64, dims: [batch])] + inputs.dropFirst().compactMap { $0 }
    let formal = body.requiredInputs.map(\.name)
    guard formal.count == given.count else {
      throw .graph(
        .mismatch(
          node: node, "body", expected: "\(given.count) inputs",
          found: "\(formal.count): \(formal.joined(separator: ", "))"))
    }
    let bodyPlan = try plan(body, Dictionary(uniqueKeysWithValues: zip(formal, given)))
    let settings: DenoiseSettings
    do { settings = try DenoiseSettings(node) } catch { throw runError(error, at: node) }
    return try DenoiseKernel(node, body: body, plan: bodyPlan, settings: settings, sample: noise)
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
  /// Where the plan takes the predictor's inputs and gives its output; the context is `nil` where there is none.
  private let sample: Int
  private let timestep: Int
  private let context: Int?
  private let epsilon: Int

  var workspaceByteCount: Int { bodyPlan.arenaByteCount }

  init(
    _ node: Node, body: Graph, plan: ExecutionPlan, settings: DenoiseSettings, sample type: TensorType
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
    role = node.pipelineRole ?? node.label
  }

  /// The predictor's session and the sampler's memory: all that a run writes to.
  private final class State {
    var session: Session
    var loop: DenoiseLoop
    init(_ session: consuming Session, _ loop: DenoiseLoop) {
      self.session = session
      self.loop = loop
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
    return State(session, loop)
  }

  func compute(_ call: borrowing StepCall) throws(RunError) {
    guard let state = call.state as? State else { preconditionFailure("a session without its state") }
    var options = call.options
    // Times are kept by step of one plan; the body's steps belong to another.
    options.profile = nil
    let (bodyOptions, role, contextPort) = (options, role, context)
    let noise = floats(call.inputs[0])
    let latent = UnsafeMutableBufferPointer(mutating: floats(call.outputs[0]))
    let context = contextPort.map { _ in
      UnsafeRawBufferPointer(start: call.inputs[1].data, count: call.inputs[1].byte_count)
    }
    try state.loop.run(from: noise, to: latent) { () throws(RunError) in
      // The body's plan may reuse an input's memory after its last reader, so it is written before every call.
      if let contextPort, let context { state.session.input(contextPort).copyMemory(from: context) }
      try state.session.execute(bodyOptions)
    } progress: { done, total in
      bodyOptions.progress?(role, done, total)
    }
  }

  private func floats(_ tensor: oneiro_tensor) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(
      start: tensor.data?.assumingMemoryBound(to: Float.self), count: tensor.byte_count / MemoryLayout<Float>.size)
  }
}
