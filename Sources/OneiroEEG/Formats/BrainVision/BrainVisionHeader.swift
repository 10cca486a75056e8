import OneiroGraph
import OneiroModel

/// The header file of BrainVision Core Data Format 1.0, `.vhdr`:
/// https://www.brainproducts.com/support-resources/brainvision-core-data-format-1-0/
struct BrainVisionHeader {
  struct Channel {
    let label: String
    let reference: String
    /// Of one stored step, in `unit`.
    let resolution: Double
    let unit: String
  }
  /// Beside the header.
  let dataFile: String
  let markerFile: String?
  let channels: [Channel]
  /// In Hz.
  let samplingRate: Double
  let type: SampleType
  let isBigEndian: Bool
  /// Whether all samples of a channel stand together.
  let isVectorized: Bool
  /// Where the header says so.
  let sampleCount: Int?

  /// Whether the bytes begin as a header file does.
  static func isHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    let line = HeaderText.decode(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(start).prefix(80)))
    return (line.hasPrefix("Brain Vision") || line.hasPrefix("BrainVision")) && line.contains("Header File")
  }

  init(_ bytes: UnsafeRawBufferPointer, file: String) throws(GraphError) {
    let ini = IniFile(bytes)
    func fail(_ what: String, _ expected: String, _ found: String?) -> GraphError {
      .mismatch(file: file, what, expected: expected, found: found.map { "\"\($0.prefix(80))\"" } ?? "nothing")
    }
    func common(_ key: String) -> String? { ini.value("Common Infos", key) }
    guard let dataFile = common("DataFile"), !dataFile.isEmpty else {
      throw fail("[Common Infos] DataFile", "the name of a file", nil)
    }
    self.dataFile = dataFile
    markerFile = common("MarkerFile").flatMap { $0.isEmpty ? nil : $0 }
    let format = common("DataFormat") ?? "BINARY"
    guard format.uppercased() == "BINARY" else { throw fail("[Common Infos] DataFormat", "BINARY", format) }
    switch (common("DataOrientation") ?? "MULTIPLEXED").uppercased() {
    case "MULTIPLEXED": isVectorized = false
    case "VECTORIZED": isVectorized = true
    case let other: throw fail("[Common Infos] DataOrientation", "MULTIPLEXED or VECTORIZED", other)
    }
    let domain = common("DataType") ?? "TIMEDOMAIN"
    guard domain.uppercased() == "TIMEDOMAIN" else { throw fail("[Common Infos] DataType", "TIMEDOMAIN", domain) }
    guard let countText = common("NumberOfChannels"), let count = Int(countText), (1...100_000).contains(count) else {
      throw fail("[Common Infos] NumberOfChannels", "an integer, 1 to 100000", common("NumberOfChannels"))
    }
    guard let interval = common("SamplingInterval").flatMap({ HeaderText.number($0) }), (1e-6...1e12).contains(interval)
    else {
      throw fail("[Common Infos] SamplingInterval", "microseconds, more than 0", common("SamplingInterval"))
    }
    samplingRate = 1e6 / interval
    switch (ini.value("Binary Infos", "BinaryFormat") ?? "INT_16").uppercased() {
    case "INT_16": type = .int16
    case "UINT_16": type = .uint16
    case "INT_32": type = .int32
    case "IEEE_FLOAT_32": type = .float32
    case "IEEE_FLOAT_64": type = .float64
    case let other:
      throw fail("[Binary Infos] BinaryFormat", "INT_16, UINT_16, INT_32, IEEE_FLOAT_32 or IEEE_FLOAT_64", other)
    }
    isBigEndian = ini.value("Binary Infos", "UseBigEndianOrder")?.uppercased() == "YES"
    sampleCount = common("DataPoints").flatMap { Int($0) }

    var given: [Int: String] = [:]
    for (number, value) in ini.numbered("Channel Infos", prefix: "ch") { given[number] = given[number] ?? value }
    var channels: [Channel] = []
    for number in 1...count {
      guard let value = given[number] else { throw fail("[Channel Infos] Ch\(number)", "a channel", nil) }
      // Commas inside of names are written \1.
      let parts = value.split(separator: ",", omittingEmptySubsequences: false).map(Self.withCommas)
      let text = parts.count > 2 ? parts[2].filter { !$0.isWhitespace } : ""
      var resolution = 1.0
      if !text.isEmpty {
        guard let number = HeaderText.number(text), number != 0 else {
          throw fail("[Channel Infos] Ch\(number): resolution", "a number that is not 0", text)
        }
        resolution = number
      }
      // The format's default is microvolts, which a header of version 1.0 need not spell out.
      let unit = parts.count > 3 && !parts[3].isEmpty ? parts[3] : "µV"
      channels.append(
        Channel(
          label: parts[0].isEmpty ? "\(number)" : parts[0], reference: parts.count > 1 ? parts[1] : "",
          resolution: resolution, unit: unit))
    }
    self.channels = channels
  }

  private static func withCommas(_ text: Substring) -> String {
    var result = "", escaped = false
    for character in text {
      if escaped {
        result += character == "1" ? "," : "\\\(character)"
        escaped = false
      } else if character == "\\" {
        escaped = true
      } else {
        result.append(character)
      }
    }
    return escaped ? result + "\\" : result
  }
}
