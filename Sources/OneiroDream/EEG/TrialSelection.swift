/// Which trials of a recording to use: "3", "all", "0-7,12". Ranges hold both of their ends.
public enum TrialSelection: Sendable, Equatable {
  case all
  case ranges([ClosedRange<Int>])

  /// - text: what follows the colon of `FILE:trials`.
  public init?(_ text: Substring) {
    if text == "all" {
      self = .all
      return
    }
    var ranges: [ClosedRange<Int>] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map(Self.number)
      guard ends.count == 1 || ends.count == 2, let first = ends[0], let last = ends[ends.count - 1], first <= last
      else {
        return nil
      }
      ranges.append(first...last)
    }
    self = .ranges(ranges)
  }

  /// The path and the selection of `FILE:trials`. What follows the last colon and is no selection belongs to the path.
  public static func split(_ argument: String) -> (path: String, selection: TrialSelection?) {
    guard let colon = argument.lastIndex(of: ":"),
      let selection = TrialSelection(argument[argument.index(after: colon)...])
    else {
      return (argument, nil)
    }
    return (String(argument[..<colon]), selection)
  }

  /// The numbers of the trials, in the order in which they were asked for.
  /// - count: how many trials there are.
  /// - source: what messages call the recording.
  public func indices(of count: Int, in source: String) throws(DreamError) -> [Int] {
    switch self {
    case .all: return Array(0..<count)
    case .ranges(let ranges):
      for range in ranges where range.upperBound >= count {
        let there = count == 1 ? "0, the only one" : "0 ... \(count - 1)"
        throw .mismatch(at: "\(source): trial", expected: there, found: "\(range.upperBound)")
      }
      var seen: Set<Int> = []
      let indices = ranges.flatMap { Array($0) }
      if let twice = indices.first(where: { !seen.insert($0).inserted }) {
        throw .mismatch(at: "\(source): trial", expected: "each number once", found: "\(twice) twice")
      }
      return indices
    }
  }

  /// Numbers in the form that is read: "0-7,12".
  public static func text(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(
      separator: ",")
  }

  /// Digits alone: `Int` would also take a sign.
  private static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
  }
}
