import OneiroGraph
import OneiroOps

extension ElementTypeSet {
  /// A few words for a set of types: those of common groups, where a whole group is in it, and names for the rest.
  public var words: [String] {
    if self == .all { return ["all"] }
    var rest = self
    var words: [String] = []
    for (word, group) in Self.groups where isSuperset(of: group) {
      words.append(word)
      rest.subtract(group)
    }
    return words + rest.members.map(\.name)
  }

  private static let groups: [(String, ElementTypeSet)] = [
    ("floats", .floats), ("ints", .integers), ("complex", .complex), ("float8", .float8s), ("4-bit", .fourBit),
    ("2-bit", .twoBit),
  ]
}
