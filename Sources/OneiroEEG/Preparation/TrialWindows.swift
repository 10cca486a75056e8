import OneiroGraph

/// Windows of a recording around trials, filtered, at a model's sampling rate, without the mean of the baseline: all
/// that has to be done before a trial can be looked at by itself. They are read a stretch at a time.
public struct TrialWindows: Sendable {
  public let recording: EEGRecording
  /// Those whose windows lie in the recording.
  public let moments: [TrialMoment]
  public let map: ChannelMap
  public let matrix: ChannelMap.Matrix
  /// What somebody should know, beside the warnings of the recording.
  public let warnings: [String]
  private let segments: [EEGSegment]
  private let places: [TrialPlaces.Place]
  private let filters: [Double: ChannelFilter]

  /// Doubles of a stretch that is filtered at once.
  private static let stretchSize = 1 << 24

  public init(
    _ recording: EEGRecording, _ timeline: EEGTimeline, _ chosen: [TrialMoment], _ settings: PreparationSettings,
    channelMap: ChannelMap.Method = .auto
  ) throws(GraphError) {
    guard settings.window.samples(at: settings.samplingRate).count >= 2 else {
      throw .mismatch(
        "window", expected: "two samples or more at \(settings.samplingRate) Hz", found: "\(settings.window)")
    }
    let candidates = recording.candidates(settings.reference)
    var filters: [Double: ChannelFilter] = [:]
    for rate in Set(candidates.map { recording.channels[$0].samplingRate }) {
      do throws(GraphError) {
        filters[rate] = try ChannelFilter(settings.filters, samplingRate: rate)
      } catch {
        throw error.located(in: recording.source)
      }
    }
    let counts = timeline.segments.map { segment in
      candidates.map { channel in
        filters[recording.channels[channel].samplingRate]?.count(of: recording.samples(of: segment, channel).count) ?? 0
      }.min() ?? 0
    }
    let found = TrialPlaces(
      chosen, timeline.segments, counts: counts, window: settings.window, baseline: settings.baseline,
      rate: settings.samplingRate)
    guard !found.places.isEmpty else {
      throw .mismatch(
        file: recording.source, "trials",
        expected: "some with all of \(settings.window) around them\(settings.baseline.map { " and \($0)" } ?? "")",
        found: chosen.isEmpty ? "no trials" : "\(counted(chosen.count, "trial")) that reach out of the recording")
    }
    var warnings: [String] = []
    if !found.outside.isEmpty {
      warnings.append(
        "left out, since they reach out of the recording or into a gap: trials "
          + ChannelMap.list(found.outside.map(String.init)))
    }
    let survey = try ChannelSurvey(recording, candidates, timeline.segments, found.places, filters)
    map = try ChannelMap(recording, to: settings.montage, method: channelMap, unusable: survey.unusable)
    matrix = try map.matrix(
      recording, reference: settings.reference, microvoltsPerUnit: settings.microvoltsPerUnit,
      unusable: survey.unusable)
    // Trials keep their order; a place knows the number of its trial.
    let kept = Set(found.places.map(\.trial)), order = chosen.indices.filter(kept.contains)
    let numbers = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    moments = order.map { chosen[$0] }
    places = found.places.map {
      TrialPlaces.Place(
        trial: numbers[$0.trial] ?? 0, segment: $0.segment, range: $0.range, window: $0.window, baseline: $0.baseline)
    }
    self.recording = recording
    self.segments = timeline.segments
    self.filters = filters
    self.warnings = warnings + map.warnings + matrix.warnings
  }

  /// Every window, in the order in which they are stored.
  /// - body: is given the trial's place in `moments`, and float32 [1, channels, samples], the channels those of
  ///   `matrix`.
  public func forEach<E: Error>(_ body: (_ trial: Int, _ window: Tensor) throws(E) -> Void) throws(WindowError<E>) {
    var first = 0
    while first < places.count {
      let stretch = self.stretch(from: first)
      let (segment, span) = (segments[places[first].segment], stretch.span)
      var rows: [[Double]] = []
      for channel in matrix.channels {
        do throws(GraphError) {
          rows.append(try samples(channel, segment, span))
        } catch {
          throw .reading(error)
        }
      }
      for place in places[first..<stretch.end] {
        let window = Self.cut(place, from: rows, at: span.lowerBound)
        do throws(E) { try body(place.trial, window) } catch { throw .body(error) }
      }
      first = stretch.end
    }
  }

  public enum WindowError<Inner: Error>: Error { case reading(GraphError), body(Inner) }

  /// Trials that are filtered together: as many as fit, since a filter needs much around them.
  private func stretch(from first: Int) -> (end: Int, span: Range<Int>) {
    var span = places[first].range, end = first + 1
    let isPlain = filters.values.allSatisfy(\.isIdentity), most = Self.stretchSize / max(1, matrix.channels.count)
    while !isPlain, end < places.count, places[end].segment == places[first].segment {
      let upper = max(span.upperBound, places[end].range.upperBound)
      guard upper - span.lowerBound <= most else { break }
      span = span.lowerBound..<upper
      end += 1
    }
    return (end, span)
  }

  private func samples(_ channel: Int, _ segment: EEGSegment, _ span: Range<Int>) throws(GraphError) -> [Double] {
    guard let filter = filters[recording.channels[channel].samplingRate] else { preconditionFailure("made for all") }
    let whole = recording.samples(of: segment, channel)
    let (range, part) = filter.needed(for: span, of: whole.count)
    if !filter.isIdentity { try recording.checkLength(range.count, channel, segment, filter) }
    let raw = try recording.samples(
      channel, in: whole.lowerBound + range.lowerBound..<whole.lowerBound + range.upperBound)
    return Array(filter(raw)[part])
  }

  private static func cut(_ place: TrialPlaces.Place, from rows: [[Double]], at start: Int) -> Tensor {
    let first = place.range.lowerBound - start
    var values: [Float] = []
    values.reserveCapacity(rows.count * place.window.count)
    for row in rows {
      var base = 0.0
      if let baseline = place.baseline, !baseline.isEmpty {
        for index in baseline { base += row[first + index] }
        base /= Double(baseline.count)
      }
      for index in place.window { values.append(Float(row[first + index] - base)) }
    }
    return Tensor(values, dims: [1, rows.count, place.window.count])
  }
}
