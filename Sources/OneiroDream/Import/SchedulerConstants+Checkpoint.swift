import OneiroGraph
import OneiroModel

extension SchedulerConstants {
  /// Stable Diffusion 1.5's noise schedule, and what its latents were multiplied with.
  public static let stableDiffusion = SchedulerConstants(betaStart: 0.00085, betaEnd: 0.012, latentScale: 0.18215)

  /// The schedule that a checkpoint has as a table, Stable Diffusion's where it has none. The number of steps is
  /// DreamDiffusion's own where its configuration is there and a run can be made of it: the original fails at some
  /// numbers, such as its class's default of 300.
  public init(_ checkpoint: Checkpoint) throws(DreamError) {
    self = .stableDiffusion
    try takeSchedule(of: checkpoint)
    guard case .int(let number)? = (checkpoint.settings["config"] ?? checkpoint.settings)["ddim_steps"],
      let steps = Int(exactly: number)
    else { return }
    if (try? sampler.makeSampler(try schedule(betaSchedule), steps: steps, count: 0)) != nil { self.steps = steps }
  }

  private func schedule(_ shape: NoiseSchedule.Shape) throws(DreamError) -> NoiseSchedule {
    try NoiseSchedule(shape, betaStart: betaStart, betaEnd: betaEnd, trainSteps: trainSteps)
  }

  private mutating func takeSchedule(of checkpoint: Checkpoint) throws(DreamError) {
    guard let table = checkpoint.tensors["betas"] else { return }
    let place = "\(checkpoint.source): tensor \"betas\""
    let betas = table.dims.count == 1 && table.dims[0] <= 1 << 20 ? try Self.numbers(table) : []
    guard let first = betas.first, let last = betas.last, betas.count > 1 else {
      throw .mismatch(at: place, expected: "a table of 2 to \(1 << 20) variances", found: "\(table)")
    }
    let tolerance = Self.tolerance(table.elementType)
    func fits(_ schedule: NoiseSchedule) -> Bool {
      schedule.trainSteps == betas.count
        && zip(schedule.betas, betas).allSatisfy { abs($0 - $1) <= tolerance * $1 }
    }
    // A checkpoint that was made smaller may have its tables in 16 bits too, from which the ends cannot be read.
    if tolerance > Self.tolerance(.float32), fits(try schedule(betaSchedule)) { return }
    // Written down as float32: the number with the fewest digits is the one that was meant.
    (betaStart, betaEnd) = (Double("\(Float(first))") ?? first, Double("\(Float(last))") ?? last)
    trainSteps = betas.count
    for shape in NoiseSchedule.Shape.allCases {
      if fits(try schedule(shape)) {
        betaSchedule = shape
        return
      }
    }
    let shapes = NoiseSchedule.Shape.allCases.map(\.rawValue).joined(separator: " or ")
    throw .mismatch(at: place, expected: "a schedule of the form \(shapes)", found: "\(first) ... \(last)")
  }

  /// What a checkpoint's latents were multiplied with. The training program stores the number where it measured it on
  /// the first batch ("scale_by_std"); where it was given, as Stable Diffusion's was, it does not.
  static func latentScale(of checkpoint: Checkpoint) throws(DreamError) -> Double {
    let usual = stableDiffusion.latentScale
    guard let tensor = checkpoint.tensors["scale_factor"] else { return usual }
    let values = Tensor.elementCount(tensor.dims) == 1 ? try numbers(tensor) : []
    guard let value = values.first.map({ Float($0) }), value.isFinite, value > 0 else {
      throw .mismatch(
        at: "\(checkpoint.source): tensor \"scale_factor\"", expected: "one number above 0",
        found: values.first.map { "\($0)" } ?? "\(tensor)")
    }
    let isUsual = abs(Double(value) - usual) <= tolerance(tensor.elementType) * usual
    return isUsual ? usual : Double("\(value)") ?? Double(value)
  }

  private static func numbers(_ tensor: CheckpointTensor) throws(DreamError) -> [Double] {
    do { return try tensor.read().doubles() } catch { throw .graph(error) }
  }

  /// How far a stored number may be from the one that was meant, relative to it: rounded twice.
  private static func tolerance(_ type: ElementType) -> Double {
    switch type {
    case .float16: 0x1p-10
    case .bfloat16: 0x1p-7
    default: 1e-6
    }
  }
}
