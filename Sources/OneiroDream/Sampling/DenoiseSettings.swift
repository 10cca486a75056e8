import OneiroGraph
import OneiroOps

/// What an `ai.oneiro.Denoise` node says about its loop.
public struct DenoiseSettings: Sendable {
  public let sampler: SamplerKind
  /// As asked for.
  public let steps: Int
  /// Steps that the sampler takes: a few more than asked for, of plms and ddim, where the schedule's do not divide by them.
  public let stepCount: Int
  public let eta: Double
  public let schedule: NoiseSchedule
  public let latentScale: Float
  /// How far predictions are pushed away from those without the condition; 1 for not at all.
  public let guidance: Float

  /// Why the sampler takes another number of steps than was asked for; `nil` where it does not.
  public var stepRemark: String? {
    guard stepCount != steps else { return nil }
    let all = schedule.trainSteps
    return "\(stepCount) steps instead of \(steps): \(sampler.rawValue) takes one for each \(all / steps) of the "
      + "schedule's \(all), which \(steps) does not divide"
  }

  /// Whether the sampler adds noise after its steps.
  public var addsFreshNoise: Bool { sampler.addsFreshNoise(eta: eta) }

  /// Throws what no run can be made of, under the node's name.
  public init(_ node: Node) throws(DreamError) {
    let attributes = NodeAttributes(node, schema: Denoise.schema)
    do throws(DreamError) {
      sampler = try SamplerKind(named: attributes.string("scheduler"))
      let shape = attributes.string("beta_schedule")
      let prediction = attributes.string("prediction")
      guard let shape = NoiseSchedule.Shape(rawValue: shape) else {
        let known = NoiseSchedule.Shape.allCases.map(\.rawValue).joined(separator: " or ")
        throw DreamError.mismatch(at: "beta_schedule", expected: known, found: "\"\(shape)\"")
      }
      guard prediction == "epsilon" else {
        throw DreamError.mismatch(
          at: "prediction", expected: "epsilon, the only one there is", found: "\"\(prediction)\"")
      }
      steps = attributes.int("steps")
      eta = Self.decimal(attributes.float("eta"))
      schedule = try NoiseSchedule(
        shape, betaStart: Self.decimal(attributes.float("beta_start")),
        betaEnd: Self.decimal(attributes.float("beta_end")),
        trainSteps: attributes.int("train_steps"))
      latentScale = Float(attributes.float("latent_scale"))
      guard latentScale.isFinite, latentScale > 0 else {
        throw DreamError.mismatch(at: "latent_scale", expected: "a number above 0", found: "\(latentScale)")
      }
      guidance = Float(attributes.float("guidance"))
      guard guidance.isFinite else {
        throw DreamError.mismatch(at: "guidance", expected: "a finite number", found: "\(guidance)")
      }
      stepCount = try sampler.makeSampler(schedule, steps: steps, eta: eta, count: 0).stepCount
    } catch {
      guard case .mismatch(let place, let expected, let found) = error else { throw error }
      throw .graph(.mismatch(node: node, place, expected: expected, found: found))
    }
  }

  /// - count: how many numbers a sample has.
  public func makeSampler(count: Int) throws(DreamError) -> any Sampler {
    try sampler.makeSampler(schedule, steps: steps, eta: eta, count: count)
  }

  /// The number that was written: attributes are float32, and the schedule is worked out in Double. 0.00085 as a
  /// float32 is 0.00084999995, which would make another schedule than the one the model was trained with.
  private static func decimal(_ value: Double) -> Double { Double("\(Float(value))") ?? value }
}
