import OneiroGraph

/// The text of BrainVision's header and marker files: sections of `key=value` lines, and comments after a semicolon.
struct IniFile {
  let firstLine: String
  /// Keys in lower case; both in the file's order.
  private var sections: [(name: String, entries: [(key: String, value: String)])] = []

  /// UTF-8 where the file says so or is that, Latin-1 otherwise.
  init(_ bytes: UnsafeRawBufferPointer) {
    let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
    let body = isMarked ? UnsafeRawBufferPointer(rebasing: bytes[3...]) : bytes
    let text =
      String(validating: body, as: UTF8.self) ?? String(String.UnicodeScalarView(body.map(Unicode.Scalar.init)))
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(Self.trimmed)
    firstLine = lines.first.map(String.init) ?? ""
    for line in lines.dropFirst() where !line.isEmpty && !line.hasPrefix(";") {
      if line.hasPrefix("["), let end = line.lastIndex(of: "]") {
        sections.append((line[line.index(after: line.startIndex)..<end].lowercased(), []))
      } else if let equals = line.firstIndex(of: "="), !sections.isEmpty {
        sections[sections.count - 1].entries.append(
          (Self.trimmed(line[..<equals]).lowercased(), String(Self.trimmed(line[line.index(after: equals)...]))))
      }
    }
  }

  /// The entries of a section; of each section of that name, should there be several.
  func entries(_ section: String) -> [(key: String, value: String)] {
    sections.filter { $0.name == section.lowercased() }.flatMap(\.entries)
  }

  func value(_ section: String, _ key: String) -> String? {
    entries(section).first { $0.key == key.lowercased() }?.value
  }

  /// "Ch12" and "Mk3": numbered entries by their numbers.
  func numbered(_ section: String, prefix: String) -> [(number: Int, value: String)] {
    entries(section).compactMap { key, value in
      key.hasPrefix(prefix) ? Int(key.dropFirst(prefix.count)).map { ($0, value) } : nil
    }
  }

  private static func trimmed<S: StringProtocol>(_ text: S) -> S.SubSequence where S.SubSequence: StringProtocol {
    let start = text.firstIndex { !$0.isWhitespace } ?? text.endIndex
    let end = text.lastIndex { !$0.isWhitespace }.map(text.index(after:)) ?? text.endIndex
    return text[start..<max(start, end)]
  }
}
