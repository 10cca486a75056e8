import OneiroGraph
import OneiroModel
import OneiroRuntime

extension QuantizationReport {
  /// One file with everything in it: a table of the parts, and for each part a plot and a table of its layers.
  public var html: String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width"><title>\(HTMLText.escaped(output))</title><style>\(Self.style)</style></head>
    <body>
    <h1>\(HTMLText.escaped(output))</h1>
    <p>\(HTMLText.escaped("\(model) as \(way)"))</p>
    <p>\(HTMLText.escaped("run by \(setting.backend) on \(counted(setting.threads, "thread"))"))</p>
    \(Self.html(partsTable))
    \(openRatio.map { "<p>\(HTMLText.escaped($0))</p>" } ?? "")
    \(picturesText)
    \(parts.filter { !$0.layers.isEmpty }.map(section).joined(separator: "\n"))
    </body></html>

    """
  }

  /// How layers were rounded.
  private var way: String {
    let ranges = method.map { ", ranges by \($0.rawValue)" } ?? ""
    let goal = setting.goal.map { ", \($0)" } ?? ""
    return scheme + goal + (isEqualized ? " with equalized channels" : "") + ranges
  }

  private var isEqualized: Bool { parts.contains { $0.equalization?.activations.isEmpty == false } }

  private var picturesText: String {
    guard let pictures else { return "" }
    var text = "<p>\(counted(pictures.count, "picture")) before and after: PSNR \(Self.decibels(pictures.psnr)) dB, "
    text += "SSIM \((pictures.ssim * 1e4).rounded() / 1e4)"
    if let right = pictures.right { text += ", classified right \(right.after), before \(right.before)" }
    return text + "</p>"
  }

  private func section(_ part: PartReport) -> String {
    """
    <h2>\(HTMLText.escaped(part.role.isEmpty ? "layers" : part.role))</h2>
    \(Self.comparison(part).map { "<p>\(HTMLText.escaped($0))</p>" } ?? "")
    \(SignalPlot(part)?.svg ?? "")
    \(Self.html(Self.layersTable(part)))
    \(equalized(part))
    """
  }

  private func equalized(_ part: PartReport) -> String {
    guard let equalization = part.equalization else { return "" }
    var table = TextTable([.left("activation"), .left("layers"), .right("exponent"), .right("gain, dB")])
    for activation in equalization.activations {
      table.add([
        activation.value, activation.layers.joined(separator: ", "), "\(activation.exponent)",
        Self.decibels(activation.gain),
      ])
    }
    let count = "<p>\(table.rows.count) of \(equalization.candidateCount) activations equalized</p>"
    if table.rows.isEmpty { return count }
    return """
      \(count)
      \(Self.html(table))
      """
  }

  /// One that moves sideways by itself where the page is too narrow for it.
  private static func html(_ table: TextTable) -> String {
    let head = row(table.columns.map(\.title), cell: "th"), rows = table.rows.map { row($0) }
    return "<div class=\"scroll\"><table>\(head)\(rows.joined())</table></div>"
  }

  private static func row(_ cells: [String], cell: String = "td") -> String {
    // Names of modules are long paths: they are broken between their parts where they can be.
    let texts = cells.map { HTMLText.escaped($0).replacing("/", with: "<wbr>/") }
    return "<tr>" + texts.map { "<\(cell)>\($0)</\(cell)>" }.joined() + "</tr>\n"
  }

  private static let style = """
    body { font: 14px/1.4 sans-serif; margin: 2em; color: #222 } table { border-collapse: collapse }
    td, th { padding: 2px 10px 2px 0; text-align: left; vertical-align: top; border-bottom: 1px solid #eee }
    td { white-space: nowrap } td:nth-child(2) { white-space: normal }
    td:first-child, td:last-child { white-space: normal } h1, h2, p { overflow-wrap: anywhere }
    .scroll { overflow-x: auto }
    th { color: #666; font-weight: normal } h2 { margin-top: 2em }
    svg { display: block; margin: 1em 0; max-width: 100% }
    """
}

/// Signal-to-noise ratios of a part's layers in their order: of weights in grey, of what the layers make in blue.
private struct SignalPlot {
  private let layers: [PartReport.Layer]
  private let left = 44.0, width = 900.0, height = 240.0, top = 20.0

  private let weights: [Double?], outputs: [Double?]

  /// - Returns: `nil` where there is no ratio to show, as of a part whose layers all stayed in floats.
  init?(_ part: PartReport) {
    layers = part.layers
    weights = layers.map { $0.result.scheme == .f32 ? nil : Self.finite($0.result.weightNoise.decibels) }
    outputs = layers.map { $0.outputNoise.flatMap { Self.finite($0.decibels) } }
    guard (weights + outputs).contains(where: { $0 != nil }) else { return nil }
  }

  var svg: String {
    let values = (weights + outputs).compactMap { $0 }
    let high = max(((values.max() ?? 0) / 10).rounded(.up) * 10, 10)
    let low = min(((values.min() ?? 0) / 10).rounded(.down) * 10, high - 10)
    func y(_ value: Double) -> Double { top + height * (high - value) / (high - low) }
    func x(_ index: Int) -> Double { left + width * (Double(index) + 0.5) / Double(layers.count) }
    var body = ""
    for value in stride(from: low, through: high, by: 10) {
      body += "<line x1=\"\(left)\" x2=\"\(left + width)\" y1=\"\(y(value))\" y2=\"\(y(value))\" stroke=\"#e5e5e5\"/>"
      body += "<text x=\"\(left - 6)\" y=\"\(y(value) + 4)\" text-anchor=\"end\">\(Int(value))</text>"
    }
    for (series, color, what) in [(weights, "#aaa", "weight"), (outputs, "#2464b4", "output")] {
      for (index, value) in series.enumerated() {
        guard let value else { continue }
        let name = HTMLText.escaped(layers[index].result.name)
        body += "<circle cx=\"\(x(index))\" cy=\"\(y(value))\" r=\"3\" fill=\"\(color)\">"
        body += "<title>\(name): \(what) \(QuantizationReport.decibels(value)) dB</title></circle>"
      }
    }
    let legend = [(weights, "#888", "weights"), (outputs, "#2464b4", "outputs")]
      .filter { $0.0.contains { $0 != nil } }.map { "<tspan fill=\"\($0.1)\">\($0.2)</tspan>" }
    body += "<text x=\"\(left)\" y=\"12\">SNR, dB, layer by layer: \(legend.joined(separator: " "))</text>"
    let (across, down) = (Int(left + width + 10), Int(top + height + 10))
    let size = "width=\"\(across)\" viewBox=\"0 0 \(across) \(down)\""
    return "<svg \(size) font-size=\"11\" fill=\"#444\" xmlns=\"http://www.w3.org/2000/svg\">\(body)</svg>"
  }

  private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}
