/// DPM-Solver++(2M), a multi-step solver of order 2 on clean estimates: one model call a step. diffusers'
/// DPMSolverMultistepScheduler with algorithm_type "dpmsolver++", solver_order 2 and solver_type "midpoint".
///
/// The first step has no history, and the last leads to no noise at all, where the formula of order 2 has no meaning:
/// both are of order 1.
public struct DPMSolver: Sampler {
  private let steps: [Step]
  public private(set) var sample: [Float]
  public private(set) var finishedSteps: Int
  /// The clean estimate of the step before.
  private var older: [Float]

  private struct Step {
    let timestep: Int
    let clean: Float, noise: Float
    let update: MultistepUpdate
  }

  /// - count: how many numbers a sample has.
  public init(_ levels: NoiseLevels, count: Int) {
    steps = levels.timesteps.indices.map { index in
      let scales = levels.scales(index)
      return Step(
        timestep: levels.timesteps[index], clean: Float(scales.clean), noise: Float(scales.noise),
        update: MultistepUpdate(levels, step: index, order: index == 0 || index == levels.stepCount - 1 ? 1 : 2))
    }
    sample = [Float](repeating: 0, count: count)
    older = [Float](repeating: 0, count: count)
    finishedSteps = steps.count
  }

  public var stepCount: Int { steps.count }
  public var timestep: Int? { finishedSteps < stepCount ? steps[finishedSteps].timestep : nil }

  public mutating func start(from noise: UnsafeBufferPointer<Float>) {
    sample.replace(with: noise)
    for index in older.indices { older[index] = 0 }
    finishedSteps = 0
  }

  public mutating func advance(epsilon: UnsafeBufferPointer<Float>, freshNoise: UnsafeBufferPointer<Float>?) {
    precondition(epsilon.count == sample.count, "a prediction of another size")
    precondition(finishedSteps < stepCount, "the sample is done")
    let step = steps[finishedSteps]
    for index in sample.indices {
      let newest = (sample[index] - step.noise * epsilon[index]) / step.clean
      sample[index] =
        step.update.sample * sample[index] + step.update.newest * newest + step.update.older * older[index]
      older[index] = newest
    }
    finishedSteps += 1
  }
}
