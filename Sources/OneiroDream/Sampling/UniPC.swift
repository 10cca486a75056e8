import Glibc

/// UniPC of order 2 on clean estimates, B(h) = e^h - 1 (Zhao and others 2023, arXiv 2302.04867): one model call a step.
/// diffusers' UniPCMultistepScheduler with solver_order 2, solver_type "bh2" and predict_x0.
///
/// A step is that of DPM-Solver++(2M). What the model says there first corrects the sample that it was asked about:
///
///     corrected = sample * x + newest * m0 + older * m1 + found * m
///
/// where x is the (corrected) sample of the step before, m0 and m1 are the clean estimates there and one step earlier,
/// and m is the one at hand.
public struct UniPC: Sampler {
  private let steps: [Step]
  public private(set) var sample: [Float]
  public private(set) var finishedSteps: Int
  /// The corrected sample of the step before, and the clean estimates of the two steps before.
  private var before: [Float]
  private var newest: [Float]
  private var older: [Float]

  private struct Step {
    let timestep: Int
    let clean: Float, noise: Float
    /// `nil` at the first step.
    let corrector: Corrector?
    let predictor: MultistepUpdate
  }

  /// - count: how many numbers a sample has.
  public init(_ levels: NoiseLevels, count: Int) {
    // The first step has no history, and the last leads to no noise at all: both are of order 1.
    func order(_ index: Int) -> Int { index == 0 || index == levels.stepCount - 1 ? 1 : 2 }
    steps = levels.timesteps.indices.map { index in
      let scales = levels.scales(index)
      return Step(
        timestep: levels.timesteps[index], clean: Float(scales.clean), noise: Float(scales.noise),
        corrector: index == 0 ? nil : Corrector(levels, to: index, order: order(index - 1)),
        predictor: MultistepUpdate(levels, step: index, order: order(index)))
    }
    sample = [Float](repeating: 0, count: count)
    before = sample
    newest = sample
    older = sample
    finishedSteps = steps.count
  }

  public var stepCount: Int { steps.count }
  public var timestep: Int? { finishedSteps < stepCount ? steps[finishedSteps].timestep : nil }

  public mutating func start(from noise: UnsafeBufferPointer<Float>) {
    sample.replace(with: noise)
    for index in sample.indices {
      newest[index] = 0
      older[index] = 0
    }
    finishedSteps = 0
  }

  public mutating func advance(epsilon: UnsafeBufferPointer<Float>, freshNoise: UnsafeBufferPointer<Float>?) {
    precondition(epsilon.count == sample.count, "a prediction of another size")
    precondition(finishedSteps < stepCount, "the sample is done")
    let step = steps[finishedSteps]
    for index in sample.indices {
      let found = (sample[index] - step.noise * epsilon[index]) / step.clean
      var x = sample[index]
      if let corrector = step.corrector {
        x =
          corrector.sample * before[index] + corrector.newest * newest[index] + corrector.older * older[index]
          + corrector.found * found
      }
      sample[index] = step.predictor.sample * x + step.predictor.newest * found + step.predictor.older * newest[index]
      before[index] = x
      older[index] = newest[index]
      newest[index] = found
    }
    finishedSteps += 1
  }

  private struct Corrector {
    let sample: Float, newest: Float, older: Float, found: Float

    /// - index: the step that the sample to correct has reached.
    /// - order: that of the step which made it.
    init(_ levels: NoiseLevels, to index: Int, order: Int) {
      let (from, here) = (levels.scales(index - 1), levels.scales(index))
      let h = levels.logRatio(index) - levels.logRatio(index - 1)
      let growth = expm1(-h)
      let weight = -here.clean * growth
      // How much of the slopes (m1 - m0) / r and m - m0 goes in; r is where m1 lies, with m0 at 0 and m at 1.
      var slopes = (older: 0.0, found: 0.5)
      if order > 1 {
        let r = (levels.logRatio(index - 2) - levels.logRatio(index - 1)) / h
        // The two numbers whose sum and whose sum weighted with r and 1 are those of the exact solution.
        let first = growth / -h - 1
        let second = first / -h - 0.5
        let (sum, weighted) = (first / growth, 2 * second / growth)
        slopes.older = (weighted - sum) / (r - 1)
        slopes.found = sum - slopes.older
        slopes.older /= r
      }
      sample = Float(here.noise / from.noise)
      newest = Float(weight * (1 - slopes.older - slopes.found))
      older = Float(weight * slopes.older)
      found = Float(weight * slopes.found)
    }
  }
}
