/// A sampler at work on memory that stays where it is: nothing is allocated once it is made.
public struct DenoiseLoop {
  /// What the noise predictor reads and writes.
  public struct Memory {
    /// [N,C,h,w]: what the predictor is called with.
    public let sample: UnsafeMutableBufferPointer<Float>
    /// [N]: the timestep, once for each sample of the batch.
    public let timestep: UnsafeMutableBufferPointer<Int64>
    /// [N,C,h,w]: what the predictor said.
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
  private let memory: Memory

  /// - Throws: when the sampler needs fresh noise at every step, which nothing here gives.
  public init(_ settings: DenoiseSettings, memory: Memory) throws(DreamError) {
    guard settings.eta == 0 else {
      throw .mismatch(at: "eta", expected: "0 because the graph has no input for fresh noise", found: "\(settings.eta)")
    }
    sampler = try settings.sampler.makeSampler(settings.schedule, steps: settings.steps, count: memory.sample.count)
    latentScale = settings.latentScale
    self.memory = memory
  }

  public var stepCount: Int { sampler.stepCount }

  /// latent <- sample(noise) / latentScale
  /// - predict: runs the noise predictor once over the memory.
  /// - progress: is told how many of the steps are finished, after each.
  public mutating func run<E: Error>(
    from noise: UnsafeBufferPointer<Float>, to latent: UnsafeMutableBufferPointer<Float>,
    predict: () throws(E) -> Void, progress: (_ done: Int, _ total: Int) -> Void
  ) throws(E) {
    sampler.start(from: noise)
    while let timestep = sampler.timestep {
      let before = sampler.finishedSteps
      sampler.copyInput(to: memory.sample)
      memory.timestep.update(repeating: Int64(timestep))
      try predict()
      sampler.advance(epsilon: memory.epsilon, freshNoise: nil)
      if sampler.finishedSteps > before { progress(sampler.finishedSteps, sampler.stepCount) }
    }
    precondition(latent.count == memory.sample.count, "a latent of another size than the sample")
    sampler.copySample(to: latent)
    for index in latent.indices { latent[index] /= latentScale }
  }
}
