import OneiroGraph
import OneiroModel

extension SchedulerConstants {
  /// Stable Diffusion 1.5's noise schedule, and what its latents were multiplied with.
  public static let stableDiffusion = SchedulerConstants(betaStart: 0.00085, betaEnd: 0.012, latentScale: 0.18215)

  /// The schedule that a checkpoint has as a table, Stable Diffusion's where it has none. The number of steps is
  /// DreamDiffusion's own where its configuration is there.
  public init(_ checkpoint: Checkpoint) throws(DreamError) {
    self = .stableDiffusion
    if case .int(let steps)? = (checkpoint.settings["config"] ?? checkpoint.settings)["ddim_steps"],
      let exact = Int(exactly: steps), exact > 0
    {
      self.steps = exact
    }
    guard let table = checkpoint.tensors["betas"] else { return }
    let betas: [Double]
    do { betas = try table.read().doubles() } catch { throw .graph(error) }
    let place = "\(checkpoint.source): tensor \"betas\""
    guard let first = betas.first, let last = betas.last, table.dims.count == 1, betas.count > 1 else {
      throw .mismatch(at: place, expected: "a table of two variances or more", found: "\(table)")
    }
    // Written down as float32: the number with the fewest digits is the one that was meant.
    (betaStart, betaEnd) = (Double("\(Float(first))") ?? first, Double("\(Float(last))") ?? last)
    trainSteps = betas.count
    for shape in NoiseSchedule.Shape.allCases {
      let schedule = try NoiseSchedule(shape, betaStart: betaStart, betaEnd: betaEnd, trainSteps: trainSteps)
      if zip(schedule.betas, betas).allSatisfy({ abs($0 - $1) <= 1e-6 * $1 }) {
        betaSchedule = shape
        return
      }
    }
    let shapes = NoiseSchedule.Shape.allCases.map(\.rawValue).joined(separator: " or ")
    throw .mismatch(at: place, expected: "a schedule of the form \(shapes)", found: "\(first) ... \(last)")
  }
}
