import OneiroGraph

/// ai.oneiro.Denoise, version 1: runs a diffusion model from noise to a latent.
///
///     latent = sample(noise, context) / latent_scale
///
/// `body` is the noise predictor: (sample [N,C,h,w], timestep int64[N], context [N,T,D]) => noise [N,C,h,w]; a body of
/// two inputs takes no context. With an `unconditional` context, [1,T,D] or [N,T,D], and a `guidance` s other than 1,
/// the predictor is called on batches of 2N, the unconditional half first, and its prediction is
///
///     unconditional + s * (conditional - unconditional)        classifier-free guidance
///
/// The noise schedule is
///
///     beta_i = (sqrt(beta_start) + i / (train_steps - 1) * (sqrt(beta_end) - sqrt(beta_start)))^2     "scaled_linear"
///     beta_i = beta_start + i / (train_steps - 1) * (beta_end - beta_start)                           "linear"
public enum Denoise: Operator {
  public static let schema = OpSchema(
    "Denoise", domain: Model.oneiroDomain, since: 1,
    inputs: [.one("noise", "T"), .optional("context", "T"), .optional("unconditional", "T")],
    outputs: [.one("latent", "T")],
    attributes: [
      .required("body", .graph), .string("role", default: "unet"), .string("scheduler", default: "plms"),
      .int("steps", default: 50), .int("train_steps", default: 1000), .float("beta_start", default: 0.00085),
      .float("beta_end", default: 0.012), .string("beta_schedule", default: "scaled_linear"),
      .string("prediction", default: "epsilon"), .float("eta", default: 0), .float("latent_scale", default: 1),
      .float("guidance", default: 1),
    ],
    types: ["T": ElementTypeSet([.float32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    guard let body = node.attributes.graph("body") else { throw node.fails("attribute body", "is missing") }
    let noise = try node.tensor(0)
    let isGuided = try isGuided(node)
    let batch = noise.shape?.first
    let sample = isGuided ? withBatch(doubled(batch), noise) : noise
    var inputs: [ValueType?] = [
      .tensor(sample), .tensor(TensorType(.int64, sample.shape.flatMap { $0.first.map { [$0] } })),
    ]
    if node.has(1) {
      let context = try node.tensor(1)
      if node.has(2) { try check(unconditional: try node.tensor(2), context, node) }
      inputs.append(.tensor(isGuided ? withBatch(doubled(context.shape?.first), context) : context))
    }
    let role = node.attributes.string("role")
    try BodySignature.check(body, role: role, takes: inputs, gives: 1, node.node)
    let predicted = try node.inferBody(body, inputs)
    if let type = predicted.first??.tensorType {
      let fits =
        type.elementType == sample.elementType
        && zip(type.shape ?? [], sample.shape ?? []).allSatisfy { $0.agrees(with: $1) }
        && (type.shape == nil || sample.shape == nil || type.shape!.count == sample.shape!.count)
      guard fits else {
        throw .mismatch(
          node: node.node, "output \"\(body.outputs[0].name)\" of role \"\(role)\"", expected: "\(sample)",
          found: "\(type)",
          because: "it predicts the noise of \"\(node.node.inputs[0])\"")
      }
    }
    return [.tensor(noise)]
  }

  /// Whether the predictor is called with both contexts at once.
  private static func isGuided(_ node: InferenceContext) throws(GraphError) -> Bool {
    guard !node.has(2) || node.has(1) else {
      throw .mismatch(
        node: node.node, "input \"unconditional\"", expected: "a context beside it", found: "no context")
    }
    let guidance = node.attributes.float("guidance")
    guard guidance != 1 else { return false }
    guard node.has(2) else {
      throw .mismatch(
        node: node.node, "guidance", expected: "1 because there is no unconditional context", found: "\(guidance)")
    }
    return true
  }

  private static func check(
    unconditional: TensorType, _ context: TensorType, _ node: InferenceContext
  ) throws(GraphError) {
    guard let mine = unconditional.shape, let its = context.shape else { return }
    let fits =
      mine.count == its.count && mine.dropFirst().elementsEqual(its.dropFirst()) { $0.agrees(with: $1) }
      && (mine.first?.extent == 1 || mine.first.map { $0.agrees(with: its[0]) } ?? true)
    guard fits else {
      throw .mismatch(
        node: node.node, "input \"unconditional\"", expected: "\(context), or 1 at the first axis",
        found: "\(unconditional)", because: "that is the context's type")
    }
  }

  private static func doubled(_ batch: Dimension?) -> Dimension {
    guard let extent = batch?.extent else { return .unknown }
    let (twice, overflow) = extent.multipliedReportingOverflow(by: 2)
    return overflow ? .unknown : .known(twice)
  }

  private static func withBatch(_ batch: Dimension, _ type: TensorType) -> TensorType {
    TensorType(type.elementType, type.shape.map { $0.isEmpty ? [] : [batch] + $0.dropFirst() })
  }
}
