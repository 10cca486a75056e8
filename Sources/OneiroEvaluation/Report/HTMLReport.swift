import Foundation
import OneiroDream
import OneiroModel
import OneiroPicture

/// The result as one page that needs nothing beside itself: no script, no file, no network.
public struct HTMLReport {
  private let result: EvaluationResult
  private let title: String
  private let facts: [(key: String, value: String)]
  private var book: ScoreBook { result.book }

  /// - facts: how it was made.
  public init(_ result: EvaluationResult, title: String, facts: [(key: String, value: String)]) {
    self.result = result
    self.title = title
    self.facts = facts
  }

  public func text() throws(DreamError) -> String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>\(HTMLText.escaped(title))</title><style>
    \(HTML.style)
    </style></head><body>
    <h1>\(HTMLText.escaped(title))</h1>
    <p class="soft">\(book.trialCount) trials of \(book.unitCount) stimuli, intervals of 95 %</p>
    \(verdicts)
    <h2>Scores</h2>
    \(scores)
    <h2>Pictures</h2>
    \(try pictures())
    <h2>Means and intervals</h2>
    \(plots)
    \(classes)<h2>What the columns are</h2>
    <dl>\(book.conditions.map { definition(book.title($0), $0.explanation) }.joined())</dl>
    <h2>What the rows are</h2>
    <dl>\(book.measures.map { definition($0.title, $0.explanation) }.joined())</dl>
    <h2>How it was made</h2>
    <dl>\(facts.map { definition($0.key, $0.value) }.joined())</dl>
    </body></html>

    """
  }

  private func definition(_ term: String, _ text: String) -> String {
    "<dt>\(HTMLText.escaped(term))</dt><dd>\(HTMLText.escaped(text))</dd>\n"
  }

  private var verdicts: String {
    func box(_ text: String, isGood: Bool) -> String {
      "<div class=\"verdict \(isGood ? "good" : "bad")\">\(HTMLText.escaped(text))</div>\n"
    }
    var text = box(result.verdict.text, isGood: result.verdict.outcome == .beatsAll)
    if let split = result.split { text += box(split.text, isGood: split.leaks.isEmpty) }
    for remark in result.remarks { text += "<p class=\"soft\">\(HTMLText.escaped(remark))</p>\n" }
    return text
  }

  private var scores: String {
    var text = "<div class=\"scroll\"><table><tr><th></th>"
    text += book.conditions.map { "<th>\(HTMLText.escaped(book.title($0)))</th>" }.joined() + "</tr>\n"
    for measure in book.measures {
      text += "<tr><td>\(HTMLText.escaped(measure.title))"
      text += measure.isBetterWhenLarger ? "</td>" : "<small>less is better</small></td>"
      for condition in book.conditions {
        guard let estimate = book.estimate(condition, measure) else {
          text += "<td>-</td>"
          continue
        }
        let style = condition == book.main ? "own" : book.beats(condition, measure) ?? false ? "" : "miss"
        text += "<td class=\"\(style)\">\(Decimals.text(estimate.mean))"
        text += "<small>\(Decimals.text(estimate.low)) to \(Decimals.text(estimate.high))</small></td>"
      }
      text += "</tr>\n"
    }
    if !result.frechet.isEmpty {
      text += "<tr><td>FID<small>less is better</small></td>"
      for condition in book.conditions {
        let found = result.frechet.first { $0.condition == condition }
        text += "<td>\(found.map { Decimals.text($0.distance) } ?? "-")</td>"
      }
      text += "</tr>\n"
    }
    text += "</table></div>\n"
    guard !book.controls.isEmpty else { return text }
    return text
      + "<p class=\"soft\">Red: not beaten by the 95 % interval of the difference, over the same trials.</p>\n"
  }

  private func pictures() throws(DreamError) -> String {
    let conditions = book.conditions.filter { condition in
      result.examples.contains { $0.answers.contains { $0.condition == condition } }
    }
    let isShown = result.examples.contains { $0.shown != nil }
    var text = "<div class=\"scroll\"><table class=\"pictures\"><tr><th>trial</th>\(isShown ? "<th>shown</th>" : "")"
    text += conditions.map { "<th>\(HTMLText.escaped($0.shortTitle))</th>" }.joined() + "</tr>\n"
    for example in result.examples {
      text += "<tr><td>\(example.trial)</td>"
      if isShown { text += try cell(example.shown, "shown in trial \(example.trial)") }
      for condition in conditions {
        let picture = example.answers.first { $0.condition == condition }?.picture
        text += try cell(picture, "trial \(example.trial), \(condition.title)")
      }
      text += "</tr>\n"
    }
    return text + "</table></div>\n"
  }

  private func cell(_ picture: Picture?, _ name: String) throws(DreamError) -> String {
    guard let picture else { return "<td></td>" }
    let data = Data(try PictureFile.encode(Self.reduced(picture))).base64EncodedString()
    return "<td><img alt=\"\(HTMLText.escaped(name))\" src=\"data:image/png;base64,\(data)\"></td>"
  }

  /// Twice the size that it is shown at is enough.
  private static func reduced(_ picture: Picture) -> Picture {
    let most = 208, larger = max(picture.width, picture.height)
    guard larger > most else { return picture }
    return picture.resized(
      width: max(picture.width * most / larger, 1), height: max(picture.height * most / larger, 1), antialias: true)
  }

  private var plots: String {
    "<div class=\"plots\">\n"
      + book.measures.map { measure in
        let rows = book.conditions.compactMap { condition in
          book.estimate(condition, measure).map {
            IntervalPlot.Row(title: condition.title, estimate: $0, isMain: condition == book.main)
          }
        }
        let caption = measure.title + (measure.isBetterWhenLarger ? "" : ", less is better")
        let plot = IntervalPlot(title: caption, rows: rows, chance: measure.chance)
        return "<figure><figcaption>\(HTMLText.escaped(caption))</figcaption>\(plot.svg)</figure>\n"
      }.joined()
      + "</div>\n<p class=\"soft\">Dashed: what guessing is worth.</p>\n"
  }

  /// Where the classes differ, and by how much.
  private var classes: String {
    guard let measure = book.measures.first, case .classAccuracy = measure, result.classes.count > 1,
      result.classes.count <= Self.mostClasses
    else { return "" }
    let (left, width, height) = (70, 430, 18)
    var svg = "<svg viewBox=\"0 0 560 \(result.classes.count * height + 4)\" role=\"img\" aria-label=\"by class\">"
    for (index, entry) in result.classes.enumerated() {
      let y = index * height + 2, filled = Int((entry.score * Double(width)).rounded())
      svg += "<text x=\"\(left - 8)\" y=\"\(y + 12)\">class \(entry.number)</text>"
      svg += "<rect class=\"rest\" x=\"\(left)\" y=\"\(y + 2)\" width=\"\(width)\" height=\"\(height - 6)\"/>"
      svg += "<rect class=\"bar\" x=\"\(left)\" y=\"\(y + 2)\" width=\"\(filled)\" height=\"\(height - 6)\"/>"
      svg += "<text x=\"552\" y=\"\(y + 12)\">\(Decimals.text(entry.score)) of \(entry.trials)</text>"
    }
    return
      "<h2>By class</h2>\n<figure><figcaption>\(HTMLText.escaped(measure.title)), \(HTMLText.escaped(book.mainTitle))"
      + "</figcaption>\(svg)</svg></figure>\n"
  }

  private static let mostClasses = 100
}
