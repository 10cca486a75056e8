extension String {
  /// Help as lines of source, with those of a paragraph joined, so that the parser alone wraps it, to the terminal.
  /// Lines that are set in, such as examples, stay; they fit 80 columns with at most 79 characters.
  var flowing: String {
    var text = "", wasProse = false
    for line in split(separator: "\n", omittingEmptySubsequences: false) {
      let isProse = !line.isEmpty && !line.hasPrefix(" ")
      if !text.isEmpty { text += wasProse && isProse ? " " : "\n" }
      text += line
      wasProse = isProse
    }
    return text
  }
}
