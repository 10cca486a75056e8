/// What a sampler multiplies with at each of its timesteps, worked out once.
public struct SamplingTable: Sendable {
  /// One timestep's coefficients, with a = alphas_cumprod here and a' = alphas_cumprod at the next lower timestep.
  public struct Step: Sendable {
    /// Which training step the model is told.
    public let timestep: Int
    /// sqrt(a) and sqrt(1 - a).
    public let clean: Float, noise: Float
    /// sqrt(a') and sqrt(1 - a' - sigma^2).
    public let nextClean: Float, nextNoise: Float
    /// The standard deviation of the fresh noise.
    public let sigma: Float
  }

  /// In the order in which they are visited: from the noisiest to the cleanest.
  public let steps: [Step]

  /// - steps: how many timesteps to visit; see `Timesteps.uniform`.
  /// - eta: 0 for none of the fresh noise, 1 for all that the training process would add.
  ///
  /// The last step leads to alphas_cumprod[0] and not to 1, so a trace of noise stays in the result by design.
  public init(_ schedule: NoiseSchedule, steps: Int, eta: Double = 0) throws(DreamError) {
    guard eta >= 0, eta <= 1 else { throw .mismatch(at: "eta", expected: "a number in 0 ... 1", found: "\(eta)") }
    let timesteps = try Timesteps.uniform(steps: steps, trainSteps: schedule.trainSteps)
    // Rounded to Float32 where the original system does, so that its tables come out bit for bit.
    let alphas = schedule.alphasCumprod.map(Float.init)
    self.steps = timesteps.indices.reversed().map { index in
      let alpha = alphas[timesteps[index]]
      let next = alphas[index == 0 ? 0 : timesteps[index - 1]]
      let variance = (1 - Double(next)) * Double(1 / (1 - alpha)) * (1 - Double(alpha) / Double(next))
      let sigma = Float(eta * variance.squareRoot())
      return Step(
        timestep: timesteps[index], clean: alpha.squareRoot(), noise: (1 - alpha).squareRoot(),
        nextClean: next.squareRoot(), nextNoise: (1 - next - sigma * sigma).squareRoot(), sigma: sigma)
    }
  }
}

extension SamplingTable.Step {
  /// What the sample x would be without noise, were `epsilon` all of its noise.
  @inline(__always)
  public func cleaned(_ x: Float, epsilon: Float) -> Float { (x - noise * epsilon) / clean }

  /// The sample at the next lower timestep, without fresh noise.
  @inline(__always)
  public func next(_ x: Float, epsilon: Float) -> Float {
    nextClean * cleaned(x, epsilon: epsilon) + nextNoise * epsilon
  }
}
