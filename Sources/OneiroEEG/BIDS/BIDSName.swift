/// A file's name as BIDS builds it: "sub-01_ses-2_task-rest_run-1_eeg.edf".
public struct BIDSName: Sendable, Equatable {
  /// "sub": "01", …
  public let entities: [String: String]
  /// "eeg", "channels", "events".
  public let suffix: String
  /// With its dot, ".edf"; in lower case.
  public let ending: String

  /// - Returns: `nil` for a name of another form.
  public init?(_ fileName: some StringProtocol) {
    guard let dot = fileName.firstIndex(of: ".") else { return nil }
    let parts = fileName[..<dot].split(separator: "_", omittingEmptySubsequences: false)
    guard let suffix = parts.last, !suffix.isEmpty, !suffix.contains("-") else { return nil }
    var entities: [String: String] = [:]
    for part in parts.dropLast() {
      guard let dash = part.firstIndex(of: "-"), dash != part.startIndex else { return nil }
      entities[String(part[..<dash])] = String(part[part.index(after: dash)...])
    }
    self.entities = entities
    self.suffix = String(suffix)
    ending = fileName[dot...].lowercased()
  }

  /// Whether a sidecar of this name tells of the file `name`: all that it names is the same there, but for the space
  /// that places are told in.
  func applies(to name: BIDSName) -> Bool {
    entities.allSatisfy { $0.key == "space" || name.entities[$0.key] == $0.value }
  }
}
