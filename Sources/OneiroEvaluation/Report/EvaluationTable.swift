import OneiroRuntime

/// The result as text for a terminal, at most 100 columns wide.
public enum EvaluationTable {
  public static func lines(_ result: EvaluationResult) -> [String] {
    let book = result.book
    let controls = Array(book.controls)
    var table = TextTable(
      [.left("measure"), .right(book.main.shortTitle), .left("95 % interval")] + controls.map { .right($0.shortTitle) })
    for measure in book.measures {
      guard let own = book.estimate(book.main, measure) else { continue }
      let cells = controls.map { control -> String in
        guard let estimate = book.estimate(control, measure) else { return "-" }
        return Decimals.text(estimate.mean) + (book.beats(control, measure) ?? false ? " " : "!")
      }
      let arrow = measure.isBetterWhenLarger ? "" : " (less is better)"
      table.add(
        [measure.title + arrow, Decimals.text(own.mean), "\(Decimals.text(own.low)) ... \(Decimals.text(own.high))"]
          + cells)
    }
    if !result.frechet.isEmpty {
      func cell(_ condition: Condition) -> String {
        result.frechet.first { $0.condition == condition }.map { Decimals.text($0.distance) + " " } ?? "-"
      }
      table.add(["FID (less is better)", cell(book.main), ""] + controls.map(cell))
    }
    var lines = table.lines
    if !controls.isEmpty { lines.append("! not beaten by the 95 % interval of the difference, over the same trials") }
    return lines
  }
}
