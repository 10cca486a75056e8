import Foundation
import OneiroModel

/// Signal-to-noise ratios of a part's layers in their order: of weights as rings, of what the layers make as dots. It is as
/// wide as the page lets it be, and its text as large as the page's.
struct SignalPlot {
  private let layers: [PartReport.Layer]
  private let weights: [Double?], outputs: [Double?]
  /// Pixels. Places across are shares of the width.
  private static let (height, top, bottom) = (240.0, 10.0, 24.0)

  /// - Returns: `nil` where there is no ratio to show, as of a part whose layers all stayed in floats.
  init?(_ part: PartReport) {
    layers = part.layers
    weights = layers.map { $0.result.scheme == .f32 ? nil : Self.finite($0.result.weightNoise.decibels) }
    outputs = layers.map { $0.outputNoise.flatMap { Self.finite($0.decibels) } }
    guard (weights + outputs).contains(where: { $0 != nil }) else { return nil }
  }

  /// Text left of the drawing stands in its margin.
  static let style = """
    svg { display: block; margin: 6px 0 0 30px; width: calc(100% - 38px); overflow: visible; font-size: 12px }
    svg text { fill: var(--soft) } svg line { stroke: var(--line) }
    svg .weight { fill: none; stroke: var(--soft); stroke-width: 1.5 } svg .output { fill: var(--main) }
    figcaption .output { color: var(--main) } figcaption span { white-space: nowrap }
    """

  var html: String {
    let values = (weights + outputs).compactMap { $0 }
    let high = max(((values.max() ?? 0) / 10).rounded(.up) * 10, 10)
    let low = min(((values.min() ?? 0) / 10).rounded(.down) * 10, high - 10)
    func y(_ value: Double) -> String { Self.number(Self.top + Self.height * (high - value) / (high - low)) }
    func x(_ index: Int) -> String { Self.number(100 * (Double(index) + 0.5) / Double(layers.count)) + "%" }
    var body = ""
    for value in stride(from: low, through: high, by: 10) {
      body += "<line x1=\"0\" x2=\"100%\" y1=\"\(y(value))\" y2=\"\(y(value))\"/>"
      body += "<text x=\"-6\" y=\"\(y(value))\" dy=\".35em\" text-anchor=\"end\">\(Int(value))</text>"
    }
    for (series, what, radius) in [(weights, "weight", 2.5), (outputs, "output", 3)] {
      for (index, value) in series.enumerated() {
        guard let value else { continue }
        let name = HTMLText.escaped(layers[index].result.name)
        body += "<circle class=\"\(what)\" cx=\"\(x(index))\" cy=\"\(y(value))\" r=\"\(radius)\">"
        body += "<title>\(name): \(what) \(QuantizationReport.decibels(value)) dB</title></circle>"
      }
    }
    let whole = Self.top + Self.height + Self.bottom
    let ends = layers.count == 1 ? [("50%", "middle", 1)] : [("0", "start", 1), ("100%", "end", layers.count)]
    for (x, anchor, number) in ends {
      body += "<text x=\"\(x)\" y=\"\(Self.number(whole - 6))\" text-anchor=\"\(anchor)\">layer \(number)</text>"
    }
    return """
      <figure><figcaption>Signal-to-noise ratio of each layer, dB: \(legend)</figcaption>
      <svg height="\(Int(whole))" role="img" xmlns="http://www.w3.org/2000/svg">\(body)</svg></figure>
      """
  }

  private var legend: String {
    [(weights, "weight", "○ weights"), (outputs, "output", "● outputs")].filter { $0.0.contains { $0 != nil } }
      .map { "<span class=\"\($0.1)\">\($0.2)</span>" }.joined(separator: " ")
  }

  private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
  private static func number(_ value: Double) -> String { String(format: "%.2f", value) }
}
