import Foundation
import OneiroPicture

/// Power by frequency: each channel thin, their mean thick, in decibels.
struct SpectrumPanel {
  let frame: PlotFrame

  private var plot: PlotFrame {
    PlotFrame(left: frame.left + 64, top: frame.top + 30, width: frame.width - 64, height: frame.height - 78)
  }

  func draw(_ spectra: [(channel: Int, spectrum: PowerSpectrum)], unit: String, on picture: inout Picture) {
    let unitText = unit.isEmpty ? "1/Hz" : "\(PlotText.ascii(unit))^2/Hz"
    picture.write(
      "spectrum, dB re \(unitText)", x: frame.left, y: frame.top, scale: 2, colour: PlotColour.ink)
    guard let first = spectra.first?.spectrum, first.resolution > 1e-9, first.resolution < 1e9 else { return }
    let limit = min(100, first.resolution * Double(first.density.count - 1))
    let bins = 1..<max(2, min(first.density.count, Int(limit / first.resolution) + 1))
    let curves = spectra.map { item in bins.map { 10 * log10(item.spectrum.density[$0]) } }
    let mean = bins.map { bin in
      10 * log10(spectra.reduce(0) { $0 + $1.spectrum.density[bin] } / Double(spectra.count))
    }
    // The middle of all values and what lies around it; a flat channel is minus infinity.
    let values = curves.joined().filter(\.isFinite).sorted()
    guard values.count > 1 else { return }
    let low = (values[values.count / 200] / 10).rounded(.down) * 10
    let high = max(low + 10, (values[values.count - 1] / 10).rounded(.up) * 10)
    func point(_ bin: Int, _ value: Double) -> SIMD2<Double> {
      SIMD2(
        Double(plot.left) + Double(bin) * first.resolution / limit * Double(plot.width),
        value.isFinite
          ? Double(plot.bottom) - (min(max(value, low), high) - low) / (high - low) * Double(plot.height) : .nan)
    }
    let step = max(10, PlotText.round((high - low) / 4))
    for level in stride(from: low, through: high, by: step) {
      let y = point(0, level).y
      picture.line(from: [Double(plot.left), y], to: [Double(plot.right), y], colour: PlotColour.faint)
      let text = PlotText.number(level)
      picture.write(
        text, x: plot.left - 8 - Picture.textSize(text, scale: 2).width, y: Int(y) - 7, scale: 2,
        colour: PlotColour.grey)
    }
    for frequency in stride(from: 0, through: limit, by: max(1, PlotText.round(limit / 5))) {
      let x = Double(plot.left) + frequency / limit * Double(plot.width)
      picture.line(from: [x, Double(plot.top)], to: [x, Double(plot.bottom)], colour: PlotColour.faint)
      let text = PlotText.number(frequency)
      let width = Picture.textSize(text, scale: 2).width
      picture.write(
        text, x: min(Int(x) - width / 2, frame.right - width), y: plot.bottom + 8, scale: 2, colour: PlotColour.grey)
    }
    picture.write("Hz", x: plot.right - 24, y: plot.bottom + 30, scale: 2, colour: PlotColour.grey)
    for curve in curves {
      picture.polyline(zip(bins, curve).map(point), width: 1, colour: PlotColour.single)
    }
    picture.polyline(zip(bins, mean).map(point), width: 2.4, colour: PlotColour.trace)
  }
}
