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
    \(runner)
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

  /// What noise and times were measured with.
  private var runner: String {
    guard wasRun else { return "" }
    return "<p>\(HTMLText.escaped("run by \(setting.backend) on \(counted(setting.threads, "thread"))"))</p>"
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
    \(SignalPlot(part)?.html ?? "")
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
    let head = row(table.columns.map(\.title), of: table, cell: "th"), rows = table.rows.map { row($0, of: table) }
    return "<div class=\"scroll\"><table>\(head)\(rows.joined())</table></div>"
  }

  private static func row(_ texts: [String], of table: TextTable, cell: String = "td") -> String {
    let cells = zip(texts, table.columns).map { text, column in
      // Names of modules are long paths: they are broken between their parts where they can be.
      let text = HTMLText.escaped(text).replacing("/", with: "<wbr>/")
      return "<\(cell)\(column.alignment == .right ? " class=\"number\"" : "")>\(text)</\(cell)>"
    }
    return "<tr>\(cells.joined())</tr>\n"
  }

  private static let style = """
    :root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --line: #d9d9e0; --page: #fcfcfd; --main: #0b68cb }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #edeef0; --soft: #a1a6ad; --line: #3a3d42; --page: #111113; --main: #70b8ff } }
    body { font: 14px/1.4 sans-serif; margin: clamp(12px, 4vw, 2em); color: var(--ink); background: var(--page) }
    h1, h2, p { overflow-wrap: anywhere } h1 { font-size: 1.5em } h2 { margin-top: 2em }
    .scroll { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
    td, th { padding: 2px 14px 2px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
    th { color: var(--soft); font-weight: normal; vertical-align: bottom } .number { text-align: right }
    td { white-space: nowrap } td:first-child, td:nth-child(2), td:last-child:not(.number) { white-space: normal }
    td:first-child { min-width: 9em } td:nth-child(2) { min-width: 5em } td:nth-child(n + 3):last-child:not(.number) { min-width: 16em }
    figure { margin: 1em 0; max-width: 960px } figcaption { color: var(--soft) }
    \(SignalPlot.style)
    """
}
