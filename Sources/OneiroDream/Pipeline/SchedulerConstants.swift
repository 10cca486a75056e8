import FoundationEssentials
import OneiroGraph

/// The constants of a diffusion model that no weight file holds: how it was trained and how it is sampled by default.
public struct SchedulerConstants: Sendable, Equatable {
  public var sampler = SamplerKind.plms
  public var steps = 50
  public var trainSteps = 1000
  public var betaStart: Double
  public var betaEnd: Double
  public var betaSchedule = NoiseSchedule.Shape.scaledLinear
  public var eta = 0.0
  /// How far predictions are pushed away from those without the condition; 1 for not at all.
  public var guidance = 1.0
  /// What the autoencoder's latents were multiplied with for the diffusion model; the result is divided by it.
  public var latentScale: Double
  /// [C,h,w] of a latent, where it is stated.
  public var latentShape: [Int]?

  public init(betaStart: Double, betaEnd: Double, latentScale: Double) {
    self.betaStart = betaStart
    self.betaEnd = betaEnd
    self.latentScale = latentScale
  }

  /// Reads the JSON of a `scheduler.json`, in the words of Hugging Face's scheduler files.
  /// - name: what messages call the file.
  /// - latentScale: where the file does not state it.
  public init(json: [UInt8], name: String, latentScale: Double? = nil) throws(DreamError) {
    let file: File
    do {
      file = try JSONDecoder().decode(File.self, from: Data(json))
    } catch {
      throw .file(name, reason: "expected the JSON of a scheduler, found \(Self.describe(error))")
    }
    self.init(
      betaStart: try Self.required(file.beta_start, "beta_start", name),
      betaEnd: try Self.required(file.beta_end, "beta_end", name),
      latentScale: try Self.required(file.scaling_factor ?? latentScale, "scaling_factor", name))
    trainSteps = try Self.required(file.num_train_timesteps, "num_train_timesteps", name)
    steps = file.num_inference_steps ?? steps
    eta = file.eta ?? eta
    guidance = file.guidance_scale ?? guidance
    latentShape = file.latent_shape
    sampler = try Self.choice(file.sampler, "sampler", name) ?? sampler
    betaSchedule = try Self.choice(file.beta_schedule, "beta_schedule", name) ?? betaSchedule
    try Self.require(file.prediction_type, is: "epsilon", "prediction_type", name)
    try check(name)
  }

  /// Refuses constants that make no run.
  public func check(_ name: String) throws(DreamError) {
    guard latentScale.isFinite, latentScale > 0 else {
      throw .mismatch(at: "\(name): scaling_factor", expected: "a number above 0", found: "\(latentScale)")
    }
    guard Float(guidance).isFinite else {
      throw .mismatch(at: "\(name): guidance_scale", expected: "a finite number", found: "\(guidance)")
    }
    do {
      let schedule = try NoiseSchedule(betaSchedule, betaStart: betaStart, betaEnd: betaEnd, trainSteps: trainSteps)
      _ = try sampler.makeSampler(schedule, steps: steps, eta: eta, count: 0)
    } catch {
      guard case .mismatch(let place, let expected, let found) = error else { throw error }
      throw .mismatch(at: "\(name): \(place)", expected: expected, found: found)
    }
  }

  /// As attributes of an `ai.oneiro.Denoise` node.
  public var attributes: [String: Attribute] {
    [
      "scheduler": .string(sampler.rawValue), "steps": .int(Int64(steps)), "train_steps": .int(Int64(trainSteps)),
      "beta_start": .float(Float(betaStart)), "beta_end": .float(Float(betaEnd)),
      "beta_schedule": .string(betaSchedule.rawValue), "prediction": .string("epsilon"), "eta": .float(Float(eta)),
      "latent_scale": .float(Float(latentScale)), "guidance": .float(Float(guidance)),
    ]
  }

  private struct File: Decodable {
    var num_train_timesteps: Int?
    var beta_start: Double?
    var beta_end: Double?
    var beta_schedule: String?
    var prediction_type: String?
    var sampler: String?
    var num_inference_steps: Int?
    var guidance_scale: Double?
    var eta: Double?
    var scaling_factor: Double?
    var latent_shape: [Int]?
  }

  private static func required<T>(_ value: T?, _ key: String, _ name: String) throws(DreamError) -> T {
    guard let value else { throw .mismatch(at: "\(name): \(key)", expected: "a value", found: "none") }
    return value
  }

  private static func choice<T: RawRepresentable & CaseIterable>(
    _ text: String?, _ key: String, _ name: String
  ) throws(DreamError) -> T? where T.RawValue == String {
    guard let text else { return nil }
    guard let value = T(rawValue: text) else {
      throw .mismatch(
        at: "\(name): \(key)", expected: T.allCases.map(\.rawValue).joined(separator: " or "), found: "\"\(text)\"")
    }
    return value
  }

  private static func require<T: Equatable>(_ value: T?, is expected: T, _ key: String, _ name: String)
    throws(DreamError)
  {
    guard let value, value != expected else { return }
    throw .mismatch(at: "\(name): \(key)", expected: "\(expected), the only one there is", found: "\(value)")
  }

  private static func describe(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    return switch error {
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      "no \(type) at \(context.codingPath.map(\.stringValue).joined(separator: "."))"
    case .keyNotFound(let key, _): "no \(key.stringValue)"
    case .dataCorrupted(let context): context.debugDescription
    @unknown default: "\(error)"
    }
  }
}
