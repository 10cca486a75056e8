/// Names of electrodes in the 10-20 system and its refinements, as files spell them.
public enum ElectrodeName {
  /// The plain name: "EEG FP1-REF", "fp1." and "Fp1" are "Fp1", and T3 is "T7" by its newer name.
  /// - Returns: `nil` for what is no position of the 10-05 system.
  public static func standard(_ label: String) -> String? { bare(label).flatMap { known[older[$0] ?? $0] } }

  /// The name in lower case, without what stands around it: "EEG E17-REF" is "e17".
  /// - Returns: `nil` for the difference of two electrodes, and for nothing.
  static func bare(_ label: String) -> String? {
    var name = label.lowercased().filter { !$0.isWhitespace && $0 != "." && $0 != "'" && $0 != "`" }
    for prefix in ["eeg-", "eeg_", "eeg:", "eeg"] where name.hasPrefix(prefix) && name.count > prefix.count {
      name = String(name.dropFirst(prefix.count))
      break
    }
    // What it was measured against: "-REF", "-LE", "-A1".
    if let dash = name.firstIndex(where: { $0 == "-" || $0 == "_" || $0 == "/" }) {
      guard references.contains(String(name[name.index(after: dash)...])) else { return nil }
      name = String(name[..<dash])
    }
    return name.isEmpty ? nil : name
  }

  private static let references: Set<String> = [
    "ref", "le", "ar", "av", "avg", "average", "a1", "a2", "a1a2", "m1", "m2", "m1m2", "cz", "fcz", "nose",
  ]

  /// Names of the original 10-20 system that were changed.
  private static let older = ["t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"]

  private static let known = Dictionary(
    uniqueKeysWithValues: ElectrodePositions.all.keys.map { ($0.lowercased(), $0) })
}
