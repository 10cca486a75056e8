import OneiroGraph

/// What is done to a channel as it was recorded, before trials are cut out of it. All of it is in double precision and
/// zero-phase: an answer of the brain stays at its millisecond.
///
/// This part of the preparation is no graph: a recursive filter needs its last output for its next one, which no
/// operator of ONNX has, and float32 would lose a filter of 0.5 Hz at 1000 Hz. What comes after it, on windows of a
/// trial, is one.
public struct SignalFilters: Sendable, Equatable {
  /// A Butterworth filter of this order, forth and back.
  public var band: FrequencyBand?
  public var order = 4
  /// Frequencies that are taken out, in Hz, and each by how much is lost with it.
  public var notches: [Double] = []
  public var notchQuality = 30.0
  /// In Hz; `nil` leaves it.
  public var samplingRate: Double?

  public init(band: FrequencyBand? = nil, notches: [Double] = [], samplingRate: Double? = nil) {
    (self.band, self.notches, self.samplingRate) = (band, notches, samplingRate)
  }
}

/// `SignalFilters` for channels of one sampling rate.
public struct ChannelFilter: Sendable {
  private let filters: [SecondOrderSections]
  private let resampling: PolyphaseResampling
  /// Of what comes out, in Hz.
  public let samplingRate: Double

  /// - samplingRate: of what goes in, in Hz.
  public init(_ settings: SignalFilters, samplingRate: Double) throws(GraphError) {
    var filters: [SecondOrderSections] = []
    for frequency in settings.notches {
      guard
        let notch = SecondOrderSections.notch(
          frequency: frequency, quality: settings.notchQuality, samplingRate: samplingRate)
      else { throw Self.outside("notch", "\(frequency) Hz", samplingRate) }
      filters.append(notch)
    }
    if let band = settings.band {
      guard
        let filter = SecondOrderSections.butterworth(order: settings.order, band, samplingRate: samplingRate)
      else { throw Self.outside("band", "\(band)", samplingRate) }
      filters.append(filter)
    }
    self.filters = filters
    let target = settings.samplingRate ?? samplingRate
    guard let resampling = PolyphaseResampling(from: samplingRate, to: target) else {
      throw .mismatch(
        "resampling", expected: "rates in a ratio of integers up to \(PolyphaseResampling.mostSteps)",
        found: "\(samplingRate) Hz to \(target) Hz")
    }
    self.resampling = resampling
    self.samplingRate = target
  }

  private static func outside(_ what: String, _ found: String, _ rate: Double) -> GraphError {
    .mismatch(
      what, expected: "frequencies above 0 and below \(rate / 2) Hz", found: found,
      because: "the recording has \(rate) Hz")
  }

  /// Nothing is done: what comes out is what goes in.
  public var isIdentity: Bool { filters.isEmpty && resampling.up == resampling.down }

  /// The fewest samples of a stretch that can be filtered.
  public var minimumCount: Int { (filters.map(\.padding).max() ?? 0) + 1 }

  /// How many samples come out of a stretch.
  public func count(of sampleCount: Int) -> Int { resampling.count(of: sampleCount) }

  /// A whole stretch without gaps.
  /// - samples: `minimumCount` or more.
  public func callAsFunction(_ samples: [Double]) -> [Double] {
    resampling(filters.reduce(samples) { $1.zeroPhase($0) })
  }

  /// Samples before and behind a window that what comes out of it hangs on, in samples of what goes in.
  public var margin: Int {
    filters.isEmpty
      ? (isIdentity ? 0 : resampling.reach)
      : filters.reduce(resampling.reach) { $0 + $1.settlingLength }
  }

  /// Which samples have to be filtered for a part of what comes out, and where that part is in the result. At the ends
  /// of the stretch the filter meets the same samples as it would in the whole, elsewhere it has settled.
  /// - wanted: of what comes out of the whole stretch.
  /// - count: samples of the whole stretch.
  func needed(for wanted: Range<Int>, of count: Int) -> (samples: Range<Int>, part: Range<Int>) {
    let (up, down) = (resampling.up, resampling.down)
    let lowest = (wanted.lowerBound * down / up - margin) / down * down
    let first = max(0, lowest), last = min(count, (wanted.upperBound * down + up - 1) / up + margin)
    let offset = first / down * up
    return (first..<max(first, last), wanted.lowerBound - offset..<wanted.upperBound - offset)
  }
}
