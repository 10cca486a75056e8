import OneiroGraph

/// Text of fixed width in a binary header, and the numbers that it spells.
struct HeaderText {
  let bytes: UnsafeRawBufferPointer
  /// What errors call the file.
  let file: String

  /// The text of a field without the spaces and zeros around it. UTF-8 where it is that, Latin-1 otherwise: a micro
  /// sign is often written so.
  /// - offset, length: lie within the bytes.
  func text(_ offset: Int, _ length: Int) -> String {
    Self.decode(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
  }

  static func decode(_ bytes: UnsafeRawBufferPointer) -> String {
    let padding: (UInt8) -> Bool = { $0 == 0 || $0 == 0x20 || ($0 >= 9 && $0 <= 13) }
    guard let first = bytes.firstIndex(where: { !padding($0) }), let last = bytes.lastIndex(where: { !padding($0) })
    else { return "" }
    let inner = bytes[first...last]
    // What follows a zero is a rest of something else.
    let text = inner.prefix { $0 != 0 }
    let trimmed = text[..<((text.lastIndex { !padding($0) } ?? text.startIndex) + 1)]
    return String(validating: trimmed, as: UTF8.self)
      ?? String(String.UnicodeScalarView(trimmed.map(Unicode.Scalar.init)))
  }

  /// A finite number.
  /// - what: what errors call the field: "record duration".
  func number(_ offset: Int, _ length: Int, _ what: String) throws(GraphError) -> Double {
    let text = text(offset, length)
    guard let value = Self.number(text) else {
      throw .mismatch(
        file: file, "header: \(what) (bytes \(offset) to \(offset + length - 1))", expected: "a number",
        found: "\"\(text)\"")
    }
    return value
  }

  func integer(_ offset: Int, _ length: Int, _ what: String, in range: ClosedRange<Int>) throws(GraphError) -> Int {
    let text = text(offset, length)
    guard let value = Int(text), range.contains(value) else {
      let limits =
        range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
      throw .mismatch(
        file: file, "header: \(what) (bytes \(offset) to \(offset + length - 1))", expected: "an integer, \(limits)",
        found: "\"\(text)\"")
    }
    return value
  }

  /// Decimal numbers alone: `Double` would take "nan" and "0x1p3" too. Some programs write the comma of their language.
  static func number(_ text: some StringProtocol) -> Double? {
    let plain = String(text.map { $0 == "," ? "." : $0 })
    guard plain.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let value = Double(plain), value.isFinite
    else { return nil }
    return value
  }
}
