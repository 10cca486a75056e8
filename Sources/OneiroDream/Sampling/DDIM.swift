/// Denoising diffusion implicit models (Song, Meng, Ermon 2020, arXiv 2010.02502): one model call a step.
///
///     x0 = (x - sqrt(1 - a) epsilon) / sqrt(a)
///     x' = sqrt(a') x0 + sqrt(1 - a' - sigma^2) epsilon + sigma noise
public struct DDIM: Sampler {
  private let table: SamplingTable
  public private(set) var sample: [Float]
  public private(set) var finishedSteps: Int

  /// - count: how many numbers a sample has.
  public init(_ table: SamplingTable, count: Int) {
    self.table = table
    sample = [Float](repeating: 0, count: count)
    finishedSteps = table.steps.count
  }

  public var stepCount: Int { table.steps.count }
  public var timestep: Int? { finishedSteps < stepCount ? table.steps[finishedSteps].timestep : nil }
  public var needsFreshNoise: Bool { finishedSteps < stepCount && table.steps[finishedSteps].sigma > 0 }

  public mutating func start(from noise: UnsafeBufferPointer<Float>) {
    sample.replace(with: noise)
    finishedSteps = 0
  }

  public mutating func advance(epsilon: UnsafeBufferPointer<Float>, freshNoise: UnsafeBufferPointer<Float>?) {
    precondition(epsilon.count == sample.count, "a prediction of another size")
    precondition(!needsFreshNoise || freshNoise?.count == sample.count, "fresh noise is missing")
    let step = table.steps[finishedSteps]
    sample.withUnsafeMutableBufferPointer { x in
      for index in x.indices { x[index] = step.next(x[index], epsilon: epsilon[index]) }
      if step.sigma > 0, let freshNoise {
        for index in x.indices { x[index] += step.sigma * freshNoise[index] }
      }
    }
    finishedSteps += 1
  }
}

extension [Float] {
  /// Overwrites the elements in place.
  mutating func replace(with source: UnsafeBufferPointer<Float>) {
    precondition(source.count == count, "\(source.count) numbers for a sample of \(count)")
    withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: source) }
  }

  func copy(to memory: UnsafeMutableBufferPointer<Float>) {
    precondition(memory.count == count, "memory of \(memory.count) numbers for a sample of \(count)")
    withUnsafeBufferPointer { _ = memory.update(fromContentsOf: $0) }
  }
}
