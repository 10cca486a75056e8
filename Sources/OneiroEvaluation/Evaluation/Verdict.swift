/// What the scores say, in words.
public struct Verdict: Sendable, Equatable {
  public enum Outcome: String, Sendable {
    /// The EEG is better than every control by the interval of the difference.
    case beatsAll = "beats_all"
    /// It is not, for some of them.
    case notBeyond = "not_beyond"
    /// Too few independent trials to say.
    case tooFew = "too_few_trials"
    /// Nothing to hold it against.
    case noControls = "no_controls"
  }

  public let outcome: Outcome
  /// What it was judged by.
  public let measure: Measure?
  /// Controls that it is not better than.
  public let notBeaten: [Condition]
  /// A few sentences.
  public let text: String

  /// Fewer units than this make intervals that mean nothing.
  public static let fewestUnits = 10

  /// By the first measure of the book, or by another one.
  init(_ book: ScoreBook, by measure: Measure? = nil) {
    guard let measure = measure ?? book.measures.first, let own = book.estimate(book.main, measure),
      !book.controls.isEmpty
    else {
      self.init(outcome: .noControls, measure: nil, notBeaten: [], text: "There is nothing to hold the scores against.")
      return
    }
    let what = "\(measure.title) \(Decimals.text(own.mean)) (\(Decimals.text(own.low)) to \(Decimals.text(own.high)))"
    guard book.unitCount >= Self.fewestUnits else {
      self.init(
        outcome: .tooFew, measure: measure, notBeaten: Array(book.controls),
        text: "Too few trials to say anything: \(book.unitCount) stimuli, of \(Self.fewestUnits) at least. \(what).")
      return
    }
    let claim = book.main == .pictures ? "the pictures show what was shown" : "the pictures depend on the EEG"
    // A control without scores has not been beaten.
    let notBeaten = book.controls.filter { !(book.beats($0, measure) ?? false) }
    guard notBeaten.isEmpty else {
      var sentences: [String] = []
      let opening = "Not shown that \(claim): by \(what), \(book.mainTitle)"
      let compared = notBeaten.compactMap { control in book.advantage(over: control, measure).map { (control, $0) } }
      if compared.isEmpty {
        sentences.append("\(opening) beats the controls that have scores, but not all have.")
      } else {
        let names = compared.map { control, difference in
          "\(control.title) (difference \(Decimals.text(difference.mean)), \(Decimals.text(difference.low)) to "
            + "\(Decimals.text(difference.high)))"
        }
        sentences.append(
          "\(opening) does not beat \(names.joined(separator: ", ")) by the 95 % interval of the difference.")
        sentences += compared.map(\.0.meaningIfNotBeaten)
      }
      let silent = notBeaten.filter { book.advantage(over: $0, measure) == nil }.map(\.title)
      if !silent.isEmpty {
        sentences.append(
          "There are no scores of \(silent.joined(separator: ", ")): baselines learn from other stimuli than a trial's "
            + "own, of each class, or from the trials of --train.")
      }
      self.init(
        outcome: .notBeyond, measure: measure, notBeaten: Array(notBeaten), text: sentences.joined(separator: " "))
      return
    }
    let names = book.controls.map(\.title).joined(separator: ", ")
    self.init(
      outcome: .beatsAll, measure: measure, notBeaten: [],
      text: "\(claim.prefix(1).uppercased())\(claim.dropFirst()): by \(what), \(book.mainTitle) beats every control "
        + "(\(names)) by the 95 % interval of the difference.")
  }

  private init(outcome: Outcome, measure: Measure?, notBeaten: [Condition], text: String) {
    self.outcome = outcome
    self.measure = measure
    self.notBeaten = notBeaten
    self.text = text
  }
}
