/// Where trials come from. Trials of one stimulus, block or session are more alike than others, whatever the brain did.
public struct TrialOrigins: Sendable, Equatable {
  /// A number for each trial, [N], by what it is a number of: those of `kinds` that the file has.
  public private(set) var numbers: [String: [Int64]] = [:]

  /// What an array of a recording's file may be called: the picture that was shown, the part of the recording without a
  /// pause, the day, the person.
  public static let kinds = ["stimulus", "block", "session", "subject"]

  /// - array: the integers [N] of that name, where the file has them.
  init(array: (String) throws(DreamError) -> [Int64]?) throws(DreamError) {
    for kind in Self.kinds { numbers[kind] = try array(kind) }
  }

  /// - numbers: of each trial, by kinds.
  init(_ numbers: [String: [Int64]]) { self.numbers = numbers }

  /// Those of some trials.
  func rows(_ indices: [Int]) -> TrialOrigins {
    var result = self
    result.numbers = numbers.mapValues { numbers in indices.map { numbers[$0] } }
    return result
  }
}
