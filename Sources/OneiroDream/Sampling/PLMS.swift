/// Pseudo linear multi-step sampling (Liu and others 2022, arXiv 2202.09778): the DDIM update with a prediction made of
/// the last four by the Adams-Bashforth formulas. The first step has no history, so it looks ahead instead: a DDIM
/// step, the model there, and the mean of both predictions (one model call more than there are steps).
public struct PLMS: Sampler {
  private let table: SamplingTable
  public private(set) var sample: [Float]
  public private(set) var finishedSteps: Int
  /// Where the first step looks ahead to.
  private var ahead: [Float]
  private var isLookingAhead = false
  /// The last three predictions, one after the other: that of step s is number s % 3.
  private var history: [Float]

  /// - count: how many numbers a sample has.
  public init(_ table: SamplingTable, count: Int) {
    self.table = table
    sample = [Float](repeating: 0, count: count)
    ahead = [Float](repeating: 0, count: count)
    history = [Float](repeating: 0, count: 3 * count)
    finishedSteps = table.steps.count
  }

  public var stepCount: Int { table.steps.count }

  public var timestep: Int? {
    guard finishedSteps < stepCount else { return nil }
    // The look-ahead is at the next lower timestep, or the same one where there is no other.
    return table.steps[isLookingAhead ? min(1, stepCount - 1) : finishedSteps].timestep
  }

  public mutating func start(from noise: UnsafeBufferPointer<Float>) {
    sample.replace(with: noise)
    finishedSteps = 0
    isLookingAhead = false
  }

  public func copyInput(to memory: UnsafeMutableBufferPointer<Float>) {
    if isLookingAhead { ahead.copy(to: memory) } else { sample.copy(to: memory) }
  }

  public mutating func advance(epsilon: UnsafeBufferPointer<Float>, freshNoise: UnsafeBufferPointer<Float>?) {
    precondition(epsilon.count == sample.count, "a prediction of another size")
    precondition(finishedSteps < stepCount, "the sample is done")
    let step = table.steps[finishedSteps]
    if finishedSteps == 0 && !isLookingAhead {
      for index in sample.indices { ahead[index] = step.next(sample[index], epsilon: epsilon[index]) }
      remember(epsilon)
      isLookingAhead = true
      return
    }
    // Where the predictions one, two and three steps ago start; `e` is the newest.
    let first = slot(finishedSteps + 2)
    let second = slot(finishedSteps + 1)
    let third = slot(finishedSteps)
    switch finishedSteps {
    case 0:
      finishStep(step) { [history] index in (history[index] + epsilon[index]) / 2 }
    case 1:
      finishStep(step) { [history] index in (3 * epsilon[index] - history[first + index]) / 2 }
    case 2:
      finishStep(step) { [history] index in
        (23 * epsilon[index] - 16 * history[first + index] + 5 * history[second + index]) / 12
      }
    default:
      finishStep(step) { [history] index in
        (55 * epsilon[index] - 59 * history[first + index] + 37 * history[second + index] - 9 * history[third + index])
          / 24
      }
    }
    // The history keeps what the model said of the sample: not the combination, not what it said of the look-ahead.
    if isLookingAhead { isLookingAhead = false } else { remember(epsilon) }
    finishedSteps += 1
  }

  /// Where in `history` the prediction of that step starts.
  private func slot(_ step: Int) -> Int { step % 3 * sample.count }

  private mutating func remember(_ epsilon: UnsafeBufferPointer<Float>) {
    let start = slot(finishedSteps)
    history.withUnsafeMutableBufferPointer { memory in
      _ = UnsafeMutableBufferPointer(rebasing: memory[start..<start + epsilon.count]).update(fromContentsOf: epsilon)
    }
  }

  @inline(__always)
  private mutating func finishStep(_ step: SamplingTable.Step, combined: (Int) -> Float) {
    for index in sample.indices { sample[index] = step.next(sample[index], epsilon: combined(index)) }
  }
}
