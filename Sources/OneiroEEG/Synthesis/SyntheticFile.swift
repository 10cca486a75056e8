import OneiroGraph

/// Writes a made-up recording as an EDF or BDF file.
public struct SyntheticFile: Sendable {
  public var kind: EDFWriter.Kind
  public var subject = 0
  public var seed: UInt64 = 0
  public var trialCount = 40
  /// Seconds from a drawing to the next.
  public var interval = 1.024
  /// Names of positions of the 10-05 system; empty for the 128 electrodes of the model, which are called E1 to E128.
  public var electrodes: [String] = []
  /// Microvolts for one unit of the networks.
  public var scale = 1.0

  public init(_ kind: EDFWriter.Kind) { self.kind = kind }

  /// Records are half a block, so that those of 128 channels stay within the 61440 bytes that EDF advises.
  private static let recordLength = SyntheticEEG.blockLength / 2

  /// Where annotations have no place, the numbers of the classes, from 1, are in a channel `Status`.
  private var hasStatus: Bool { kind == .bdf }

  /// - progress: how many records of how many are written.
  /// - Returns: what was shown when.
  @discardableResult public func write(
    to path: String, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(GraphError) -> [SyntheticEEG.Trial] {
    var positions: [SIMD3<Double>] = []
    for name in electrodes {
      guard let position = ElectrodePositions.position(of: name) else {
        throw .mismatch("electrode", expected: "a name of the 10-05 system", found: "\"\(name)\"")
      }
      positions.append(position)
    }
    let head =
      positions.isEmpty ? SyntheticHead(subject: subject) : SyntheticHead(electrodes: positions, subject: subject)
    var stream = SyntheticEEG(head: head, trialCount: trialCount, interval: interval, seed: seed)
    let trials = stream.trials
    let length = Self.recordLength, blockCount = stream.blockCount

    var writer = EDFWriter(kind, signals: signals(head), recordDuration: Double(length) / SyntheticEEG.samplingRate)
    writer.remark = "synthetic, subject \(subject), seed \(seed)"
    writer.annotations = trials.map {
      EEGEvent(
        onset: $0.onset, duration: 0.512, label: SyntheticHead.classes[$0.classNumber], source: .annotation)
    }
    var block: [[Double]] = []
    try writer.write(to: path, recordCount: 2 * blockCount) { record in
      if record % 2 == 0 { block = stream.next().map { $0.map { $0 * scale } } }
      let first = record % 2 * length
      var samples = block.map { Array($0[first..<first + length]) }
      if hasStatus { samples.append(status(trials, record * length..<(record + 1) * length)) }
      progress(record + 1, 2 * blockCount)
      return samples
    }
    return trials
  }

  private func signals(_ head: SyntheticHead) -> [EDFWriter.Signal] {
    let range = kind.digitalRange
    let digital = (Double(range.lowerBound), Double(range.upperBound))
    // 20 standard deviations and more on both sides.
    let limit = (20 * scale * 1000).rounded() / 1000
    let names = electrodes.isEmpty ? head.electrodes.indices.map { "E\($0 + 1)" } : electrodes
    var signals = names.map { name in
      var signal = EDFWriter.Signal(
        label: name, unit: "uV", samplesPerRecord: Self.recordLength,
        scaling: Scaling(digital: digital, physical: (-limit, limit))!)
      signal.transducer = "synthetic"
      return signal
    }
    if hasStatus {
      signals.append(
        EDFWriter.Signal(
          label: "Status", unit: "Boolean", samplesPerRecord: Self.recordLength,
          scaling: Scaling(digital: digital, physical: digital)!))
    }
    return signals
  }

  /// The class that is on the screen, for 16 ms from each onset.
  private func status(_ trials: [SyntheticEEG.Trial], _ range: Range<Int>) -> [Double] {
    var values = [Double](repeating: 0, count: range.count)
    for trial in trials {
      let onset = Int((trial.onset * SyntheticEEG.samplingRate).rounded())
      for sample in max(onset, range.lowerBound)..<max(min(onset + 16, range.upperBound), max(onset, range.lowerBound))
      {
        values[sample - range.lowerBound] = Double(trial.classNumber + 1)
      }
    }
    return values
  }
}
