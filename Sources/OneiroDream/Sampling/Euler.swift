/// Euler's method on the noise level s (Karras and others 2022, arXiv 2206.00364), plain or ancestral: one model call
/// a step.
///
///     x' = x + (s_down - s) epsilon + s_up noise
///
/// Plain, s_down is the next level and s_up is 0: diffusers' EulerDiscreteScheduler. Ancestral, a step goes further
/// down and back up with fresh noise, s_up^2 = s'^2 (s^2 - s'^2) / s^2 and s_down^2 = s'^2 - s_up^2: diffusers'
/// EulerAncestralDiscreteScheduler. Its samples have the variance 1 + s^2, and the model's inputs are brought back to
/// 1.
public struct Euler: Sampler {
  private let steps: [Step]
  public private(set) var sample: [Float]
  public private(set) var finishedSteps: Int

  private struct Step {
    let timestep: Int
    /// sqrt(1 + s^2).
    let deviation: Float
    /// s_down - s, and s_up.
    let change: Float, fresh: Float
  }

  /// - count: how many numbers a sample has.
  public init(_ levels: NoiseLevels, isAncestral: Bool, count: Int) {
    steps = levels.timesteps.indices.map { index in
      let (from, to) = (levels.sigmas[index], levels.sigmas[index + 1])
      let up = isAncestral ? to * ((from * from - to * to).squareRoot() / from) : 0
      return Step(
        timestep: levels.timesteps[index], deviation: Float((1 + from * from).squareRoot()),
        change: Float((to * to - up * up).squareRoot() - from), fresh: Float(up))
    }
    sample = [Float](repeating: 0, count: count)
    finishedSteps = steps.count
  }

  public var stepCount: Int { steps.count }
  public var timestep: Int? { finishedSteps < stepCount ? steps[finishedSteps].timestep : nil }
  public var needsFreshNoise: Bool { finishedSteps < stepCount && steps[finishedSteps].fresh > 0 }

  public mutating func start(from noise: UnsafeBufferPointer<Float>) {
    sample.replace(with: noise)
    for index in sample.indices { sample[index] *= steps[0].deviation }
    finishedSteps = 0
  }

  public func copyInput(to memory: UnsafeMutableBufferPointer<Float>) {
    sample.copy(to: memory)
    for index in memory.indices { memory[index] /= steps[finishedSteps].deviation }
  }

  public mutating func advance(epsilon: UnsafeBufferPointer<Float>, freshNoise: UnsafeBufferPointer<Float>?) {
    precondition(epsilon.count == sample.count, "a prediction of another size")
    precondition(!needsFreshNoise || freshNoise?.count == sample.count, "fresh noise is missing")
    let step = steps[finishedSteps]
    sample.withUnsafeMutableBufferPointer { x in
      for index in x.indices { x[index] += step.change * epsilon[index] }
      if step.fresh > 0, let freshNoise {
        for index in x.indices { x[index] += step.fresh * freshNoise[index] }
      }
    }
    finishedSteps += 1
  }
}
