/// Those of `names` that `word` may have been meant for, nearest first, in any case: what a few slips of the hand make
/// of it, and what it is a part of.
package func names(near word: String, in names: some Collection<String>, count: Int = 3) -> [String] {
  let word = word.lowercased(), slips = max(1, word.count / 3)
  let distances = names.map { name in
    let known = name.lowercased(), distance = editDistance(Array(word), Array(known))
    return (name: name, distance: word.count > 2 && known.contains(word) ? min(distance, 1) : distance)
  }
  return distances.filter { $0.distance <= slips }.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
    .prefix(count).map(\.name)
}

/// How many insertions, deletions and replacements of one character make `b` of `a` (Levenshtein).
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let replaced = diagonal + (x == y ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}
