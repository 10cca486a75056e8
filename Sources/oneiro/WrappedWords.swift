/// Words on lines of at most `width` characters, where the words allow it.
func wrapped(_ words: [String], separator: String, width: Int) -> [String] {
  var lines: [String] = []
  for (index, word) in words.enumerated() {
    let piece = index + 1 < words.count ? word + separator : word
    if let line = lines.last, line.count + 1 + piece.count <= width {
      lines[lines.count - 1] += " " + piece
    } else {
      lines.append(piece)
    }
  }
  return lines
}
