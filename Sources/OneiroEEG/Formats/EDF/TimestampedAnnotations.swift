/// Time-stamped annotation lists, the bytes of an "EDF Annotations" signal in one record:
/// https://www.edfplus.info/specs/edfplus.html#tal
///
///     +onset [0x15 duration] 0x14 text 0x14 text 0x14 … 0x14 0x00     any number of them, then zeros
///
/// The first list of a record's first annotation signal tells when the record begins, by its onset and an empty text.
struct TimestampedAnnotations {
  struct Item {
    /// In seconds from the start that the header gives.
    let onset: Double
    let duration: Double
    let text: String
  }
  /// The onset of the first list.
  private(set) var firstOnset: Double?
  private(set) var items: [Item] = []
  /// The first list that is none.
  private(set) var fault: String?

  init(_ bytes: UnsafeRawBufferPointer) {
    for list in bytes.split(separator: 0) {
      let parts = list.split(separator: 0x14, omittingEmptySubsequences: false)
      let stamp = parts[0].split(separator: 0x15, maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count >= 2, let sign = stamp[0].first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
        let onset = HeaderText.number(String(decoding: stamp[0], as: UTF8.self)),
        let duration = stamp.count == 1 || stamp[1].isEmpty
          ? 0 : HeaderText.number(String(decoding: stamp[1], as: UTF8.self))
      else {
        let start = HeaderText.decode(UnsafeRawBufferPointer(rebasing: list.prefix(40)))
        fault = fault ?? "\"\(start.map { $0.isASCII && !$0.isNewline && $0 >= " " ? $0 : "?" } as [Character])\""
        continue
      }
      if firstOnset == nil { firstOnset = onset }
      for text in parts[1...] where !text.isEmpty {
        items.append(
          Item(
            onset: onset, duration: max(0, duration), text: HeaderText.decode(UnsafeRawBufferPointer(rebasing: text))))
      }
    }
  }
}
