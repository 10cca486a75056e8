import Foundation
import OneiroGraph
import OneiroPicture

/// Traces below each other, with labels, a bar for the scale, the time, and lines where events are.
struct TracePanel {
  let frame: PlotFrame
  /// In Hz.
  let rate: Double
  let range: Range<Int>

  private static let labelWidth = 92
  private static let axisHeight = 56
  private static let eventHeight = 44

  private var plot: PlotFrame {
    PlotFrame(
      left: frame.left + Self.labelWidth, top: frame.top + Self.eventHeight, width: frame.width - Self.labelWidth,
      height: frame.height - Self.axisHeight - Self.eventHeight)
  }

  func draw(
    _ recording: EEGRecording, _ timeline: EEGTimeline, _ channels: [Int], on picture: inout Picture
  ) throws(GraphError) {
    let rows = try channels.map { (channel) throws(GraphError) in
      Self.centred(try recording.samples(channel, in: range))
    }
    let spacing = Double(plot.height) / Double(channels.count)
    // Typical deviations: the channels' median, so that one broken electrode does not flatten the others.
    let deviations = rows.map(\.deviation).filter { $0 > 1e-30 && $0 < 1e30 }.sorted()
    let deviation = deviations.isEmpty ? 1 : deviations[deviations.count / 2]
    let unitsPerPixel = 5 * deviation / spacing
    drawTime(timeline, on: &picture)
    drawEvents(timeline, on: &picture)
    for (index, channel) in channels.enumerated() {
      let middle = Double(plot.top) + (Double(index) + 0.5) * spacing
      let isBad = recording.channels[channel].isBad
      let text = String(recording.channels[channel].label.prefix(spacing >= 20 ? 7 : 14))
      let scale = spacing >= 20 ? 2 : 1
      let size = Picture.textSize(text, scale: scale)
      picture.write(
        text, x: plot.left - 8 - size.width, y: Int(middle) - 4 * scale, scale: scale,
        colour: isBad ? PlotColour.event : PlotColour.ink)
      drawTrace(
        rows[index].samples, middle: middle, unitsPerPixel: unitsPerPixel, reach: spacing * 1.5,
        colour: isBad ? PlotColour.grey : PlotColour.trace, on: &picture)
    }
    drawScale(unitsPerPixel, recording.channels[channels[0]].unit, on: &picture)
  }

  /// A trace of many samples a pixel is drawn from the lowest to the highest of each pixel.
  private func drawTrace(
    _ samples: [Double], middle: Double, unitsPerPixel: Double, reach: Double, colour: Picture.Colour,
    on picture: inout Picture
  ) {
    func height(_ value: Double) -> Double {
      guard value.isFinite else { return .nan }
      let place = middle - min(max(value / unitsPerPixel, -reach), reach)
      return min(max(place, Double(plot.top)), Double(plot.bottom))
    }
    let perPixel = Double(samples.count) / Double(plot.width)
    var points: [SIMD2<Double>] = []
    if perPixel <= 2 {
      points = samples.enumerated().map { SIMD2(Double(plot.left) + (Double($0) + 0.5) / perPixel, height($1)) }
    } else {
      for column in 0..<plot.width {
        let first = Int(Double(column) * perPixel), end = min(samples.count, Int(Double(column + 1) * perPixel) + 1)
        let part = samples[first..<max(end, first + 1)].filter(\.isFinite)
        let x = Double(plot.left + column)
        guard let low = part.min(), let high = part.max(), let last = part.last else {
          points.append(SIMD2(x, .nan))
          continue
        }
        points += [SIMD2(x, height(low)), SIMD2(x, height(high)), SIMD2(x, height(last))]
      }
    }
    picture.polyline(points, width: 1, colour: colour)
  }

  private func x(_ sample: Int) -> Double {
    Double(plot.left) + Double(sample - range.lowerBound) / Double(range.count) * Double(plot.width)
  }

  /// Lines at round times, thicker ones where pieces of a recording meet.
  private func drawTime(_ timeline: EEGTimeline, on picture: inout Picture) {
    let seconds = Double(range.count) / rate
    let step = PlotText.round(seconds / 6)
    let digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 3
    let first = (Double(range.lowerBound) / rate / step).rounded(.up) * step
    // 6 to 15 lines, unless a damaged file has a rate that no clock has.
    for number in 0..<16 {
      let tick = first + Double(number) * step
      guard tick <= Double(range.upperBound) / rate, tick * rate < 9e18 else { break }
      let sample = Int((tick * rate).rounded()), place = x(sample)
      line(place, PlotColour.faint, 1, on: &picture)
      // Of pieces with gaps between them, the time when it was recorded.
      let time = timeline.time(ofSample: sample, samplingRate: rate) ?? tick
      let text = String(format: "%.\(digits)f", time)
      picture.write(
        text, x: Int(place) - Picture.textSize(text, scale: 2).width / 2, y: plot.bottom + 8, scale: 2,
        colour: PlotColour.grey)
    }
    picture.write("seconds", x: plot.right - 84, y: plot.bottom + 32, scale: 2, colour: PlotColour.grey)
    for segment in timeline.segments {
      let first = segment.samples(at: rate).lowerBound
      if first > range.lowerBound, range.contains(first) { line(x(first), PlotColour.grey, 2, on: &picture) }
    }
  }

  private func drawEvents(_ timeline: EEGTimeline, on picture: inout Picture) {
    let shown = timeline.events.compactMap { event in
      timeline.sample(at: event.onset, samplingRate: rate).map { (sample: $0, label: event.label) }
    }.filter { range.contains($0.sample) }
    let scale = shown.count <= 12 ? 2 : 1
    // Two lines of labels; what fits into neither stays without one.
    var free = [0.0, 0.0]
    for event in shown {
      let place = x(event.sample)
      line(place, PlotColour.event, 1, on: &picture)
      let text = String(event.label.prefix(16)), width = Double(Picture.textSize(text, scale: scale).width)
      guard let row = free.firstIndex(where: { $0 <= place }), place + width < Double(plot.right) else { continue }
      picture.write(
        text, x: Int(place) + 2, y: plot.top - 20 * (2 - row), scale: scale, colour: PlotColour.event)
      free[row] = place + width + 10
    }
  }

  private func drawScale(_ unitsPerPixel: Double, _ unit: String, on picture: inout Picture) {
    let value = PlotText.round(unitsPerPixel * 56)
    let length = value / unitsPerPixel, x = Double(frame.left + 6), bottom = Double(frame.bottom - 8)
    picture.line(from: [x, bottom], to: [x, bottom - length], width: 3, colour: PlotColour.ink)
    let text = "\(PlotText.number(value)) \(unit.isEmpty ? "(no unit)" : PlotText.ascii(unit))"
    picture.write(text, x: Int(x) + 10, y: Int(bottom) - 16, scale: 2, colour: PlotColour.ink)
  }

  private func line(_ x: Double, _ colour: Picture.Colour, _ width: Double, on picture: inout Picture) {
    picture.line(from: [x, Double(plot.top)], to: [x, Double(plot.bottom)], width: width, colour: colour)
  }

  private static func centred(_ samples: [Double]) -> (samples: [Double], deviation: Double) {
    let finite = samples.filter(\.isFinite)
    guard !finite.isEmpty else { return (samples, 0) }
    let mean = finite.reduce(0, +) / Double(finite.count)
    let variance = finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(finite.count)
    return (samples.map { $0 - mean }, variance.squareRoot())
  }
}
