import Foundation
import OneiroPicture

/// Heads from above, the nose on top: how strong each band is where, in decibels.
struct ScalpPanel {
  let frame: PlotFrame

  func draw(
    _ bands: [RecordingPlot.Band], _ spectra: [(channel: Int, spectrum: PowerSpectrum)], _ recording: EEGRecording,
    on picture: inout Picture
  ) {
    picture.write("power on the scalp, dB", x: frame.left, y: frame.top, scale: 2, colour: PlotColour.ink)
    var placed: [(position: SIMD2<Double>, spectrum: PowerSpectrum)] = []
    var taken: Set<String> = []
    for item in spectra {
      let label = recording.channels[item.channel].label
      guard let name = ElectrodeName.standard(label), let position = ElectrodePositions.all[name],
        taken.insert(name).inserted
      else { continue }
      placed.append((Self.projected(position), item.spectrum))
    }
    guard placed.count >= 4 else {
      for (line, text) in [
        "maps need four channels with names of the", "10-05 system, \(placed.count) of \(spectra.count) have one",
      ].enumerated() {
        picture.write(text, x: frame.left, y: frame.top + 36 + 24 * line, scale: 2, colour: PlotColour.grey)
      }
      return
    }
    let columns = 2, rows = (bands.count + 1) / 2
    let (cellWidth, cellHeight) = (frame.width / columns, (frame.height - 28) / max(1, rows))
    for (index, band) in bands.enumerated() {
      let cell = PlotFrame(
        left: frame.left + index % columns * cellWidth, top: frame.top + 28 + index / columns * cellHeight,
        width: cellWidth, height: cellHeight)
      draw(band, placed, in: cell, on: &picture)
    }
  }

  private func draw(
    _ band: RecordingPlot.Band, _ placed: [(position: SIMD2<Double>, spectrum: PowerSpectrum)], in cell: PlotFrame,
    on picture: inout Picture
  ) {
    let values = placed.map { ($0.position, 10 * log10($0.spectrum.power(from: band.low, to: band.high))) }
      .filter { $0.1.isFinite }
    let title = "\(band.name) \(PlotText.number(band.low))-\(PlotText.number(band.high)) Hz"
    picture.write(title, x: cell.left + 4, y: cell.top, scale: 2, colour: PlotColour.ink)
    guard let map = ScalpMap(values.map(\.0), values.map(\.1)), let low = values.map(\.1).min(),
      let high = values.map(\.1).max()
    else {
      picture.write("not in this recording", x: cell.left + 4, y: cell.top + 24, scale: 1, colour: PlotColour.grey)
      return
    }
    let radius = Double(min(cell.width - 70, cell.height - 64)) / 2
    let centre = SIMD2(Double(cell.left) + radius + 14, Double(cell.top) + radius + 44)
    let span = max(high - low, 1e-9)
    // Nose and ears first, so that the head covers their roots.
    picture.polyline(
      [
        centre + [-radius * 0.12, -radius * 0.98], centre + [0, -radius * 1.13],
        centre + [radius * 0.12, -radius * 0.98],
      ],
      width: 2, colour: PlotColour.ink)
    for side in [-1.0, 1.0] {
      picture.circle(
        centre: centre + [side * radius * 1.02, 0], radius: radius * 0.11, width: 2, colour: PlotColour.ink)
    }
    picture.disc(centre: centre, radius: radius) { place in
      // Up is towards the nose.
      PlotColour.heat((map.value(at: [place.x, -place.y]) - low) / span)
    }
    picture.circle(centre: centre, radius: radius, width: 2, colour: PlotColour.ink)
    for (position, _) in values where (position * position).sum() <= 1.02 {
      picture.disc(centre: centre + [position.x, -position.y] * radius, radius: 2, colour: PlotColour.ink)
    }
    drawScale(
      low, high, x: Int(centre.x + radius) + 18, top: Int(centre.y - radius * 0.7), height: Int(radius * 1.4),
      on: &picture)
  }

  private func drawScale(
    _ low: Double, _ high: Double, x: Int, top: Int, height: Int, on picture: inout Picture
  ) {
    for row in 0..<height {
      picture.fill(
        x: x, y: top + row, width: 10, height: 1, PlotColour.heat(1 - Double(row) / Double(max(1, height - 1))))
    }
    for (value, y) in [(high, top - 12), (low, top + height + 3)] {
      picture.write(String(format: "%.1f", value), x: x - 6, y: y, scale: 1, colour: PlotColour.ink)
    }
  }

  /// From the sphere to a disc: the angle from the top is the distance from the middle, and the equator its edge.
  static func projected(_ position: SIMD3<Double>) -> SIMD2<Double> {
    let angle = acos(min(1, max(-1, position.z))) / (.pi / 2)
    let flat = SIMD2(position.x, position.y), length = (flat * flat).sum().squareRoot()
    return length == 0 ? .zero : flat / length * angle
  }
}
