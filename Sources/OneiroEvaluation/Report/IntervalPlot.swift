import Foundation
import OneiroModel

/// Means with their intervals, one below the other, as SVG. Its colours are those of the page around it.
struct IntervalPlot {
  struct Row {
    let title: String
    let estimate: Estimate
    let isMain: Bool
  }

  let title: String
  let rows: [Row]
  /// What guessing is worth: a dashed line.
  let chance: Double?

  private static let (width, labelWidth, rowHeight, top) = (430.0, 165.0, 22.0, 8.0)

  var svg: String {
    let values = rows.flatMap { [$0.estimate.low, $0.estimate.high, $0.estimate.mean] } + (chance.map { [$0] } ?? [])
    guard let least = values.min(), let most = values.max() else { return "" }
    let margin = most > least ? (most - least) * 0.06 : max(abs(most), 1) * 0.05
    let (from, to) = (least - margin, most + margin)
    let bottom = Self.top + Double(rows.count) * Self.rowHeight
    func x(_ value: Double) -> String {
      Self.number(Self.labelWidth + (value - from) / (to - from) * (Self.width - Self.labelWidth - 12))
    }
    var svg =
      "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(bottom + 24))\" role=\"img\" aria-label=\"\(HTMLText.escaped(title))\">"
    for tick in Self.ticks(from, to) {
      svg += "<line class=\"grid\" x1=\"\(x(tick))\" x2=\"\(x(tick))\" y1=\"\(Self.top)\" y2=\"\(bottom)\"/>"
      svg += "<text class=\"tick\" x=\"\(x(tick))\" y=\"\(bottom + 15)\">\(Self.tickText(tick, from, to))</text>"
    }
    if let chance {
      svg += "<line class=\"chance\" x1=\"\(x(chance))\" x2=\"\(x(chance))\" y1=\"\(Self.top)\" y2=\"\(bottom)\"/>"
    }
    for (index, row) in rows.enumerated() {
      let y = Self.number(Self.top + (Double(index) + 0.5) * Self.rowHeight)
      let style = row.isMain ? "main" : "control"
      svg += "<g class=\"\(style)\"><text x=\"\(Int(Self.labelWidth) - 10)\" y=\"\(y)\" dy=\".35em\">"
      svg += "\(HTMLText.escaped(row.title))</text>"
      svg += "<line x1=\"\(x(row.estimate.low))\" x2=\"\(x(row.estimate.high))\" y1=\"\(y)\" y2=\"\(y)\"/>"
      svg += "<circle cx=\"\(x(row.estimate.mean))\" cy=\"\(y)\" r=\"4\"><title>\(Decimals.text(row.estimate.mean)), "
      svg += "\(Decimals.text(row.estimate.low)) to \(Decimals.text(row.estimate.high))</title></circle></g>"
    }
    return svg + "</svg>"
  }

  /// About four round numbers.
  private static func ticks(_ from: Double, _ to: Double) -> [Double] {
    let rough = (to - from) / 4, power = pow(10, log10(rough).rounded(.down))
    let step = [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
    return stride(from: (from / step).rounded(.up) * step, through: to, by: step).map { $0 }
  }

  private static func tickText(_ value: Double, _ from: Double, _ to: Double) -> String {
    let digits = max(0, min(3, Int((1 - log10(max(to - from, .leastNormalMagnitude))).rounded(.up))))
    return String(format: "%.\(digits)f", abs(value) < (to - from) / 1e6 ? 0 : value)
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
