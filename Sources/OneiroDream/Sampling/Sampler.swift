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
  /// The timestep of the next model call; `nil` when the sample is done. Always a whole one: exported noise predictors
  /// take an int64.
  var timestep: Int? { get }
  /// The sample as it is after the steps finished so far.
  var sample: [Float] { get }
  /// Whether the next `advance` adds fresh noise.
  var needsFreshNoise: Bool { get }
  var finishedSteps: Int { get }
  var stepCount: Int { get }

  /// Begins anew from `noise`, as many standard normal numbers as the sampler was made for. A sampler whose samples are
  /// larger at the start scales them itself.
  mutating func start(from noise: UnsafeBufferPointer<Float>)
  /// Writes what to call the model with. Not always the sample: some samplers look ahead first, some scale it.
  func copyInput(to memory: UnsafeMutableBufferPointer<Float>)
  /// Writes the sample as it is after the steps finished so far.
  func copySample(to memory: UnsafeMutableBufferPointer<Float>)
  /// Takes the model's prediction for `input`.
  /// - freshNoise: standard normal numbers where `needsFreshNoise`; not looked at otherwise.
  mutating func advance(epsilon: UnsafeBufferPointer<Float>, freshNoise: UnsafeBufferPointer<Float>?)
}

/// What most samplers do.
extension Sampler {
  public var needsFreshNoise: Bool { false }
  public func copyInput(to memory: UnsafeMutableBufferPointer<Float>) { sample.copy(to: memory) }
  public func copySample(to memory: UnsafeMutableBufferPointer<Float>) { sample.copy(to: memory) }
}
