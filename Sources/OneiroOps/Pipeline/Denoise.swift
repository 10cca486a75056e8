import OneiroGraph

/// ai.oneiro.Denoise, version 1: runs a diffusion model from noise to a latent.
///
///     latent = sample(noise, context) / latent_scale
///
/// `body` is the noise predictor: (sample [N,C,h,w], timestep int64[N], context [N,T,D]) => noise [N,C,h,w]; a body of two
/// inputs takes no context. The noise schedule is
///
///     beta_i = (sqrt(beta_start) + i / (train_steps - 1) * (sqrt(beta_end) - sqrt(beta_start)))^2     "scaled_linear"
///     beta_i = beta_start + i / (train_steps - 1) * (beta_end - beta_start)                           "linear"
public enum Denoise: Operator {
  public static let schema = OpSchema(
    "Denoise", domain: Model.oneiroDomain, since: 1,
    inputs: [.one("noise", "T"), .optional("context", "T")], outputs: [.one("latent", "T")],
    attributes: [
      .required("body", .graph), .string("role", default: "unet"), .string("scheduler", default: "plms"),
      .int("steps", default: 50), .int("train_steps", default: 1000), .float("beta_start", default: 0.00085),
      .float("beta_end", default: 0.012), .string("beta_schedule", default: "scaled_linear"),
      .string("prediction", default: "epsilon"), .float("eta", default: 0), .float("latent_scale", default: 1),
    ],
    types: ["T": ElementTypeSet([.float32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    guard let body = node.attributes.graph("body") else { throw node.fails("attribute body", "is missing") }
    let noise = try node.tensor(0)
    let timestep = TensorType(.int64, noise.shape.flatMap { $0.first.map { [$0] } })
    var inputs: [ValueType?] = [.tensor(noise), .tensor(timestep)]
    if node.has(1) { inputs.append(node.inputs[1]) }
    let role = node.attributes.string("role")
    try BodySignature.check(body, role: role, takes: inputs, gives: 1, node.node)
    let predicted = try node.inferBody(body, inputs)
    if let type = predicted.first??.tensorType {
      let fits =
        type.elementType == noise.elementType
        && zip(type.shape ?? [], noise.shape ?? []).allSatisfy { $0.agrees(with: $1) }
        && (type.shape == nil || noise.shape == nil || type.shape!.count == noise.shape!.count)
      guard fits else {
        throw .mismatch(
          node: node.node, "output \"\(body.outputs[0].name)\" of role \"\(role)\"", expected: "\(noise)",
          found: "\(type)",
          because: "it predicts the noise of \"\(node.node.inputs[0])\"")
      }
    }
    return [.tensor(noise)]
  }
}
