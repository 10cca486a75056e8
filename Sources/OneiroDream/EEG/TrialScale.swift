import Foundation
import OneiroEEG
import OneiroGraph

/// How large the numbers of trials are that a pipeline takes, by what its preparation makes of recordings. Trials that were
/// prepared elsewhere may be in volts where the model knows microvolts: nothing fails, and the pictures mean nothing.
public struct TrialScale: Sendable {
  /// What messages call the pipeline: its file.
  private let pipeline: String
  /// `nil` where channels are normalized.
  private let microvoltsPerUnit: Double?

  /// - Returns: `nil` where the pipeline does not say how recordings are prepared for it.
  public init?(_ model: Model, name: String) {
    // Settings that cannot be read are told of where they are needed.
    guard let settings = (try? PipelineBuilder.preparation(of: model, name: name))?.settings else { return nil }
    self.init(settings, pipeline: name)
  }

  init(_ settings: PreparationSettings, pipeline: String) {
    self.pipeline = pipeline
    microvoltsPerUnit = settings.normalization == .none ? settings.microvoltsPerUnit : nil
  }

  /// What a channel's standard deviation is in a trial.
  private var expected: Double { microvoltsPerUnit.map { Self.microvolts / $0 } ?? 1 }

  /// Microvolts: electrodes on the scalp have some 3 to 100.
  private static let microvolts = 10.0
  /// How far off is no EEG in this unit. Less than 0.03 µV is below the noise of amplifiers, and 3 mV are cables; of
  /// normalized channels, half do not have ten times the deviation that their median distance gives.
  private var tolerance: Double { microvoltsPerUnit == nil ? 10 : 300 }

  /// A sentence for trials whose numbers are far too small or too large, which they are of another unit; `nil` for others.
  public func warning(of recording: Recording) -> String? {
    guard let found = recording.typicalDeviation, found < expected / tolerance || found > expected * tolerance else {
      return nil
    }
    let start = "the trials' standard deviation is \(Self.text(found))"
    guard let microvoltsPerUnit else {
      return "\(start), and the preparation of \(pipeline) brings that of each channel to about 1; "
        + "trials that it makes of the recording are written by oneiro eeg prepare"
    }
    let look = found < expected ? "volts or millivolts" : "the raw numbers of an amplifier"
    return "\(start), and that of EEG about \(Self.text(expected)) in the unit that \(pipeline) takes, "
      + "\(Self.text(microvoltsPerUnit)) µV: they look like \(look); bring them to that unit, or make them of the recording "
      + "with oneiro eeg prepare"
  }

  private static func text(_ number: Double) -> String { String(format: "%.2g", number) }
}

extension Recording {
  /// The standard deviation of a channel in a trial, in the unit of the trials: the median of those that are not 0; `nil`
  /// where all are. Of many trials some are looked at.
  var typicalDeviation: Double? {
    let most = 32, step = max(1, count / most), size = sampleCount
    let deviations = trials.withElements(of: Float.self) { values in
      stride(from: 0, to: count, by: step).flatMap { trial in
        (0..<channelCount).map { channel in
          let first = (trial * channelCount + channel) * size
          return Self.deviation(values[first..<first + size])
        }
      }
    }
    let known = deviations.filter { $0 > 0 && $0.isFinite }.sorted()
    return known.isEmpty ? nil : known[known.count / 2]
  }

  private static func deviation(_ values: Slice<UnsafeBufferPointer<Float>>) -> Double {
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (squares / Double(values.count)).squareRoot()
  }
}
