import OneiroGraph

/// The marker file of BrainVision, `.vmrk`:
///
///     Mk<number>=<type>,<description>,<position in samples, from 1>,<samples>,<channel, 0 for all>[,<date>]
struct BrainVisionMarkers {
  /// Onset and duration in samples.
  struct Marker {
    let type: String, description: String
    let position: Int, length: Int
  }
  private(set) var markers: [Marker] = []
  /// Of the first segment, "20260131093005123456": to the microsecond.
  private(set) var start: StartTime?
  private(set) var warnings: [String] = []

  init(_ bytes: UnsafeRawBufferPointer) {
    var faults = 0
    for (number, value) in IniFile(bytes).numbered("Marker Infos", prefix: "mk") {
      let parts = value.split(separator: ",", omittingEmptySubsequences: false).map {
        String($0).replacing("\\1", with: ",")
      }
      guard parts.count >= 3, let position = Int(parts[2].filter { $0 != " " }), position >= 1 else {
        if faults == 0 { warnings.append("marker Mk\(number) cannot be read: \"\(value.prefix(40))\"") }
        faults += 1
        continue
      }
      let length = parts.count > 3 ? Int(parts[3].filter { $0 != " " }) ?? 1 : 1
      markers.append(Marker(type: parts[0], description: parts[1], position: position - 1, length: max(0, length)))
      if parts[0] == "New Segment", start == nil, parts.count > 5 { start = Self.date(parts[5]) }
    }
    if faults > 1 { warnings.append("and \(faults - 1) more markers cannot be read") }
  }

  private static func date(_ text: String) -> StartTime? {
    let digits = Array(text.utf8)
    guard digits.count == 20, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + Int($1 - 48) } }
    return StartTime(
      year: number(0..<4), month: number(4..<6), day: number(6..<8), hour: number(8..<10), minute: number(10..<12),
      second: Double(number(12..<14)) + Double(number(14..<20)) / 1e6)
  }
}
