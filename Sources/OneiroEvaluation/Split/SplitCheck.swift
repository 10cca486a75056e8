import OneiroDream

/// Whether the trials that are scored share with those of training what makes scores look better than they are.
public struct SplitCheck: Sendable, Equatable {
  /// What trials of both sides have in common.
  public struct Finding: Sendable, Equatable {
    /// "trial", "stimulus", "block", "session", "subject".
    public let kind: String
    /// How many scored trials share it with a training trial, of how many.
    public let shared: Int
    public let total: Int

    /// A subject on both sides is how such studies are done; a session, that scores hold within sessions. The rest
    /// tells the answer.
    public var isLeak: Bool { shared > 0 && kind != "subject" && kind != "session" }
  }

  /// Of everything that both recordings say; a kind that one of them does not say is missing.
  public let findings: [Finding]
  public var leaks: [Finding] { findings.filter(\.isLeak) }

  /// - scored, training: recordings; trials of one file are told apart by their number in it.
  public init(scored: Recording, training: Recording) throws(DreamError) {
    var findings: [Finding] = []
    let isSameFile = scored.source == training.source
    let numbers = isSameFile ? Set(training.trialNumbers) : []
    findings.append(
      Finding(kind: "trial", shared: scored.trialNumbers.count { numbers.contains($0) }, total: scored.count))
    var stimuli = try Self.keys("stimulus", scored, training)
    if stimuli == nil { stimuli = try Self.pictures(scored, training) }
    if let both = stimuli {
      findings.append(Self.finding("stimulus", both))
    }
    for kind in ["block", "session", "subject"] {
      if let both = try Self.keys(kind, scored, training) { findings.append(Self.finding(kind, both)) }
    }
    self.findings = findings
  }

  private typealias Sides = (scored: [[Int64]], training: [[Int64]])

  private static func finding(_ kind: String, _ sides: Sides) -> Finding {
    let known = Set(sides.training)
    return Finding(kind: kind, shared: sides.scored.count { known.contains($0) }, total: sides.scored.count)
  }

  /// What tells one block or session from others. They are counted anew in every session, and for every person.
  private static func keys(_ kind: String, _ scored: Recording, _ training: Recording) throws(DreamError) -> Sides? {
    let around = ["block": ["subject", "session"], "session": ["subject"]][kind, default: []]
    func keys(_ recording: Recording) -> [[Int64]]? {
      guard let numbers = recording.origins.numbers[kind] else { return nil }
      let outer = around.filter { scored.origins.numbers[$0] != nil && training.origins.numbers[$0] != nil }
      return numbers.indices.map { index in
        outer.compactMap { recording.origins.numbers[$0]?[index] } + [numbers[index]]
      }
    }
    guard let one = keys(scored), let other = keys(training) else { return nil }
    return (one, other)
  }

  /// Pictures that are the same to the last bit are the same stimulus.
  private static func pictures(_ scored: Recording, _ training: Recording) throws(DreamError) -> Sides? {
    guard scored.hasPictures, training.hasPictures else { return nil }
    func keys(_ recording: Recording) throws(DreamError) -> [[Int64]] {
      try (0..<recording.count).map { (index) throws(DreamError) in
        [Int64(bitPattern: PictureHash.value(try recording.shown(index)?.pixels ?? []))]
      }
    }
    return (try keys(scored), try keys(training))
  }

  /// What was found, in a sentence or two.
  public var text: String {
    let leaks = leaks.map { "\($0.shared) of \($0.total) scored trials have their \($0.kind) in training too" }
    let checked = findings.map(\.kind).joined(separator: ", ")
    var text =
      leaks.isEmpty
      ? "No leak found between training and scored trials (looked at: \(checked))."
      : "THE SPLIT LEAKS: \(leaks.joined(separator: "; ")). The scores say little about new recordings."
    if let session = findings.first(where: { $0.kind == "session" }), session.shared > 0 {
      text += " \(session.shared) of \(session.total) come from sessions of training: the scores hold within sessions."
    }
    return text
  }
}

/// FNV-1a of 64 bits, to tell pictures apart.
enum PictureHash {
  static func value(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBufferPointer { bytes in
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      return hash
    }
  }
}
