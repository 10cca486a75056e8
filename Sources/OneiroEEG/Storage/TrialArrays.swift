import OneiroGraph
import OneiroModel

/// Arrays [channels, samples] of one channel count, as one row of samples each channel.
struct TrialArrays: Sendable {
  struct Trial: Sendable {
    let tensor: CheckpointTensor
    /// Elements before the trial's first one, where the tensor holds several trials.
    let offset: Int
    let sampleCount: Int
  }
  let trials: [Trial]
  /// Of each trial, the first sample's number among all.
  let starts: [Int]
  let sampleCount: Int

  /// - Returns: `nil` where the samples are too many to count.
  init?(_ trials: [Trial]) {
    var starts: [Int] = [], count = 0
    for trial in trials {
      starts.append(count)
      let (sum, overflow) = count.addingReportingOverflow(trial.sampleCount)
      guard !overflow else { return nil }
      count = sum
    }
    self.trials = trials
    self.starts = starts
    sampleCount = count
  }

  func read(
    _ wanted: [Int], _ range: Range<Int>, _ channels: [EEGChannel], into target: UnsafeMutablePointer<Double>
  ) throws(GraphError) {
    var index = firstTrial(endingAfter: range.lowerBound)
    while index < trials.count, starts[index] < range.upperBound {
      let trial = trials[index], start = starts[index]
      let part = max(range.lowerBound, start)..<min(range.upperBound, start + trial.sampleCount)
      if !part.isEmpty {
        let tensor = try Self.plain(try trial.tensor.read())
        guard let type = SampleType(tensor.elementType) else { preconditionFailure("checked when it was opened") }
        withExtendedLifetime(tensor) {
          for (row, channel) in wanted.enumerated() {
            let layout = SampleLayout(
              type, start: (trial.offset + channel * trial.sampleCount) * type.byteCount,
              samplesPerRecord: trial.sampleCount, byteCount: tensor.bytes.count)
            guard let layout else { preconditionFailure("a trial outside of its array") }
            layout.read(
              part.lowerBound - start..<part.upperBound - start, of: tensor.bytes, channels[channel].scaling,
              into: target + row * range.count + (part.lowerBound - range.lowerBound))
          }
        }
      }
      index += 1
    }
  }

  private func firstTrial(endingAfter sample: Int) -> Int {
    var (low, high) = (0, trials.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] + trials[middle].sampleCount <= sample { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Numbers that a layout can read: those of less than 16 bits are widened.
  private static func plain(_ tensor: Tensor) throws(GraphError) -> Tensor {
    SampleType(tensor.elementType) != nil ? tensor : Tensor(.float32, doubles: tensor.doubles(), dims: tensor.dims)
  }
}
