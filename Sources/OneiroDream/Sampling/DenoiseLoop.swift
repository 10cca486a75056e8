import OneiroRuntime

/// A sampler at work on memory that stays where it is: nothing is allocated once it is made.
public struct DenoiseLoop {
  /// What the noise predictor reads and writes. B is the batch N, or 2N with guidance: then the first half is predicted
  /// without the condition.
  public struct Memory {
    /// [B,C,h,w]: what the predictor is called with.
    public let sample: UnsafeMutableBufferPointer<Float>
    /// [B]: the timestep, once for each sample of the batch.
    public let timestep: UnsafeMutableBufferPointer<Int64>
    /// [B,C,h,w]: what the predictor said.
    public let epsilon: UnsafeBufferPointer<Float>

    public init(
      sample: UnsafeMutableBufferPointer<Float>, timestep: UnsafeMutableBufferPointer<Int64>,
      epsilon: UnsafeBufferPointer<Float>
    ) {
      precondition(sample.count == epsilon.count, "a prediction of another size than the sample")
      self.sample = sample
      self.timestep = timestep
      self.epsilon = epsilon
    }
  }

  private var sampler: any Sampler
  private let latentScale: Float
  private let guidance: Float
  private let schedule: NoiseSchedule
  private let memory: Memory
  /// [N,C,h,w]: the prediction that guidance makes of two; empty without.
  private let guided: Scratch
  /// [N,C,h,w]: the noise of one step; empty where the sampler adds none.
  private let freshNoise: Scratch

  public init(_ settings: DenoiseSettings, memory: Memory) throws(DreamError) {
    let isGuided = settings.guidance != 1
    precondition(!isGuided || memory.sample.count % 2 == 0, "guidance needs room for two predictions")
    let count = isGuided ? memory.sample.count / 2 : memory.sample.count
    sampler = try settings.makeSampler(count: count)
    guided = Scratch(count: isGuided ? count : 0)
    freshNoise = Scratch(count: settings.addsFreshNoise ? count : 0)
    latentScale = settings.latentScale
    guidance = settings.guidance
    schedule = settings.schedule
    self.memory = memory
  }

  public var stepCount: Int { sampler.stepCount }

  /// latent <- sample(noise) / latentScale
  /// - draw: fills memory of [N,C,h,w] with standard normal numbers; called once for each step that adds noise.
  /// - predict: runs the noise predictor once over the memory.
  /// - preview: is shown what the latent is expected to be; memory for it is taken when it is asked for.
  /// - progress: is told how many of the steps are finished, before the first and after each.
  public mutating func run<E: Error>(
    from noise: UnsafeBufferPointer<Float>, to latent: UnsafeMutableBufferPointer<Float>, preview: Preview? = nil,
    draw: (UnsafeMutableBufferPointer<Float>) -> Void, predict: () throws(E) -> Void,
    progress: (_ done: Int, _ total: Int) -> Void
  ) throws(E) {
    precondition(latent.count == noise.count, "a latent of another size than the noise")
    sampler.start(from: noise)
    let estimate = preview.map { _ in Scratch(count: latent.count) }
    progress(0, sampler.stepCount)
    while let timestep = sampler.timestep {
      let before = sampler.finishedSteps
      writeInput()
      // The predictor may use the memory of its input for something else.
      if let estimate { sampler.copyInput(to: estimate.memory) }
      memory.timestep.update(repeating: Int64(timestep))
      try predict()
      if sampler.needsFreshNoise { draw(freshNoise.memory) }
      advance()
      guard sampler.finishedSteps > before else { continue }
      progress(sampler.finishedSteps, sampler.stepCount)
      if let preview, let estimate, sampler.finishedSteps % preview.every == 0, sampler.timestep != nil {
        removeNoise(from: estimate.memory, timestep: timestep)
        preview.show(sampler.finishedSteps, sampler.stepCount, UnsafeBufferPointer(estimate.memory))
      }
    }
    sampler.copySample(to: latent)
    for index in latent.indices { latent[index] /= latentScale }
  }

  /// What the predictor was called with is sqrt(a) x + sqrt(1 - a) epsilon, whichever the sampler; here x /
  /// latentScale.
  private func removeNoise(from sample: UnsafeMutableBufferPointer<Float>, timestep: Int) {
    let kept = schedule.alphasCumprod[min(max(timestep, 0), schedule.trainSteps - 1)]
    let noise = Float((1 - kept).squareRoot()), signal = Float(kept.squareRoot()) * latentScale
    let epsilon = guidance == 1 ? memory.epsilon : UnsafeBufferPointer(guided.memory)
    for index in sample.indices { sample[index] = (sample[index] - noise * epsilon[index]) / signal }
  }

  private func writeInput() {
    guard guidance != 1 else { return sampler.copyInput(to: memory.sample) }
    let half = memory.sample.count / 2
    let first = UnsafeMutableBufferPointer(rebasing: memory.sample[..<half])
    sampler.copyInput(to: first)
    _ = UnsafeMutableBufferPointer(rebasing: memory.sample[half...]).update(fromContentsOf: first)
  }

  private mutating func advance() {
    let fresh = sampler.needsFreshNoise ? UnsafeBufferPointer(freshNoise.memory) : nil
    guard guidance != 1 else { return sampler.advance(epsilon: memory.epsilon, freshNoise: fresh) }
    let half = memory.epsilon.count / 2
    _ = guided.memory.update(fromContentsOf: UnsafeBufferPointer(rebasing: memory.epsilon[half...]))
    Guidance.apply(
      scale: guidance, unconditional: UnsafeBufferPointer(rebasing: memory.epsilon[..<half]), to: guided.memory)
    sampler.advance(epsilon: UnsafeBufferPointer(guided.memory), freshNoise: fresh)
  }

  /// Numbers in memory that does not move.
  private final class Scratch {
    let memory: UnsafeMutableBufferPointer<Float>
    init(count: Int) {
      memory = .allocate(capacity: count)
      memory.initialize(repeating: 0)
    }
    deinit { memory.deallocate() }
  }
}
