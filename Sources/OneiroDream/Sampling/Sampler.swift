/// Walks a sample from noise to a clean latent, one model call at a time:
///
///     sampler.start(from: noise)
///     while let timestep = sampler.timestep {
///       sampler.copyInput(to: modelInput)
///       sampler.advance(epsilon: model(modelInput, timestep), freshNoise: sampler.needsFreshNoise ? draw() : nil)
///     }
///     use(sampler.sample)
///
/// A sampler owns its memory from the start: nothing is allocated between `start` and the end.
public protocol Sampler: Sendable {
  /// The timestep of the next model call; `nil` when the sample is done.
  var timestep: Int? { get }
  /// The sample as it is after the steps finished so far.
  var sample: [Float] { get }
  /// Whether the next `advance` adds fresh noise.
  var needsFreshNoise: Bool { get }
  var finishedSteps: Int { get }
  var stepCount: Int { get }

  /// Begins anew from `noise`, as many numbers as the sampler was made for.
  mutating func start(from noise: UnsafeBufferPointer<Float>)
  /// Writes what to call the model with. Not always the sample: some samplers look ahead first.
  func copyInput(to memory: UnsafeMutableBufferPointer<Float>)
  /// Writes the sample as it is after the steps finished so far.
  func copySample(to memory: UnsafeMutableBufferPointer<Float>)
  /// Takes the model's prediction for `input`.
  /// - freshNoise: standard normal numbers where `needsFreshNoise`; not looked at otherwise.
  mutating func advance(epsilon: UnsafeBufferPointer<Float>, freshNoise: UnsafeBufferPointer<Float>?)
}

/// The samplers there are.
public enum SamplerKind: String, Sendable, CaseIterable {
  case plms, ddim

  /// - count: how many numbers a sample has.
  /// - eta: see `SamplingTable`; PLMS is defined for 0 alone.
  public func makeSampler(
    _ schedule: NoiseSchedule, steps: Int, eta: Double = 0, count: Int
  ) throws(DreamError) -> any Sampler {
    switch self {
    case .plms:
      guard eta == 0 else { throw .mismatch(at: "eta", expected: "0 because the sampler is plms", found: "\(eta)") }
      return PLMS(try SamplingTable(schedule, steps: steps), count: count)
    case .ddim: return DDIM(try SamplingTable(schedule, steps: steps, eta: eta), count: count)
    }
  }

  public init(named name: String) throws(DreamError) {
    guard let kind = Self(rawValue: name) else {
      throw .mismatch(
        at: "sampler", expected: Self.allCases.map(\.rawValue).joined(separator: " or "), found: "\"\(name)\"")
    }
    self = kind
  }
}
