/// The samplers there are.
///
/// PLMS and DDIM are those of the original latent diffusion code, and the same as diffusers' PNDMScheduler (with
/// skip_prk_steps) and DDIMScheduler (with clip_sample off), both with set_alpha_to_one off. The others are diffusers'
/// schedulers of the names below, with the settings of Stable Diffusion 1.5: timestep_spacing "leading", steps_offset
/// 1, and each class's defaults for what is not said here, so final_sigmas_type "zero" and lower_order_final. Training
/// steps, betas and their schedule come from the pipeline file.
public enum SamplerKind: String, Sendable, CaseIterable {
  case plms, ddim
  /// EulerDiscreteScheduler, without churn.
  case euler
  /// EulerAncestralDiscreteScheduler.
  case eulerAncestral = "euler_ancestral"
  /// DPMSolverMultistepScheduler: algorithm_type "dpmsolver++", solver_order 2, solver_type "midpoint".
  case dpmpp2M = "dpmpp_2m"
  /// The same with use_karras_sigmas. Its timesteps span the whole schedule, whatever the spacing.
  case dpmpp2MKarras = "dpmpp_2m_karras"
  /// UniPCMultistepScheduler: solver_order 2, solver_type "bh2", predict_x0.
  case unipc

  /// - count: how many numbers a sample has.
  /// - eta: see `SamplingTable`; DDIM's alone.
  public func makeSampler(
    _ schedule: NoiseSchedule, steps: Int, eta: Double = 0, count: Int
  ) throws(DreamError) -> any Sampler {
    guard eta == 0 || takesEta else {
      throw .mismatch(at: "eta", expected: "0 because the sampler is \(rawValue)", found: "\(eta)")
    }
    let trainSteps = schedule.trainSteps
    switch self {
    case .plms: return PLMS(try SamplingTable(schedule, steps: steps), count: count)
    case .ddim: return DDIM(try SamplingTable(schedule, steps: steps, eta: eta), count: count)
    case .euler, .eulerAncestral:
      let levels = try NoiseLevels(schedule, at: try Timesteps.leading(steps: steps, trainSteps: trainSteps))
      return Euler(levels, isAncestral: self == .eulerAncestral, count: count)
    case .dpmpp2M:
      let timesteps = try Timesteps.leadingAboveLowest(steps: steps, trainSteps: trainSteps)
      return DPMSolver(try NoiseLevels(schedule, at: timesteps), count: count)
    case .dpmpp2MKarras: return DPMSolver(try NoiseLevels.karras(schedule, steps: steps), count: count)
    case .unipc:
      let timesteps = try Timesteps.leadingAboveLowest(steps: steps, trainSteps: trainSteps)
      return UniPC(try NoiseLevels(schedule, at: timesteps), count: count)
    }
  }

  /// Whether fresh noise can be asked for with an eta.
  public var takesEta: Bool { self == .ddim }

  /// Whether steps add fresh noise.
  public func addsFreshNoise(eta: Double) -> Bool { self == .eulerAncestral || eta > 0 }

  public init(named name: String) throws(DreamError) {
    guard let kind = Self(rawValue: name) else {
      throw .mismatch(at: "sampler", expected: Self.names, found: "\"\(name)\"")
    }
    self = kind
  }

  /// "plms, ddim, ... or unipc".
  public static var names: String {
    let names = allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
  }
}
