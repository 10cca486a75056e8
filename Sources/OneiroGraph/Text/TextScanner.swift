/// Walks over text byte by byte and knows where it is.
struct TextScanner {
  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  /// The next byte that is neither space nor comment; `nil` at the end.
  mutating func peek() -> UInt8? {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "#"): while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      default: return bytes[position]
      }
    }
    return nil
  }

  mutating func peek(_ character: Unicode.Scalar) -> Bool { peek() == UInt8(ascii: character) }

  /// Goes past `text` if it comes next.
  mutating func accept(_ text: StaticString) -> Bool {
    _ = peek()
    let wanted = text.withUTF8Buffer { Array($0) }
    guard bytes[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  mutating func expect(_ text: StaticString) throws(GraphError) {
    guard accept(text) else { throw unexpected("\"\(text)\"") }
  }

  /// A word, or any text in quotes.
  mutating func identifier(_ what: String = "a name") throws(GraphError) -> String {
    if peek(UnicodeScalar("\"")) { return String(decoding: try string(), as: UTF8.self) }
    guard let word = acceptWord() else { throw unexpected(what) }
    return word
  }

  mutating func acceptWord() -> String? {
    guard let first = peek(), Self.isWord(first), !Self.isDigit(first) else { return nil }
    let start = position
    while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// Text in quotes, in which a backslash stands before a quote or a backslash.
  mutating func string() throws(GraphError) -> [UInt8] {
    guard peek(UnicodeScalar("\"")) else { throw unexpected("text in quotes") }
    let start = position
    position += 1
    var result: [UInt8] = []
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      if bytes[position] == UInt8(ascii: "\\") { position += 1 }
      guard position < bytes.count else { break }
      result.append(bytes[position])
      position += 1
    }
    guard position < bytes.count else {
      position = start
      throw .invalid(place, "text in quotes does not end")
    }
    position += 1
    return result
  }

  /// The characters of a number: digits, signs, a point, an exponent, or "inf" and "nan".
  mutating func number() throws(GraphError) -> String {
    _ = peek()
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      guard Self.isWord(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
      else { break }
      position += 1
    }
    let word = String(decoding: bytes[start..<position], as: UTF8.self)
    guard Double(word) != nil else {
      position = start
      throw unexpected("a number")
    }
    return word
  }

  mutating func integer() throws(GraphError) -> Int64 {
    _ = peek()
    let start = position
    let word = try number()
    guard let value = Int64(word) else {
      position = start
      throw .mismatch(place, expected: "a whole number of 64 bits", found: word)
    }
    return value
  }

  mutating func move(to position: Int) { self.position = position }

  /// "line 3, column 14", both from 1; columns count bytes.
  var place: String { place(at: position) }

  func place(at position: Int) -> String {
    let before = bytes[..<min(position, bytes.count)]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return "line \(line), column \(before.count - lineStart + 1)"
  }

  mutating func unexpected(_ expected: String) -> GraphError {
    guard peek() != nil else { return .mismatch(place, expected: expected, found: "the end of the text") }
    let next = String(decoding: bytes[position...].prefix(20).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return .mismatch(place, expected: expected, found: "\"\(next)\"")
  }
}
