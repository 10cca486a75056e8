import Foundation
import OneiroGraph
import OneiroModel

extension PreparationSettings {
  public init(contentsOf path: String) throws(GraphError) {
    self = try MappedFile(path).withBytes { (bytes) throws(GraphError) in try PreparationSettings(json: bytes, path) }
  }

  /// - name: what errors call the text.
  public init(json text: String, name: String) throws(GraphError) {
    let bytes = Array(text.utf8)
    var result: Result<PreparationSettings, GraphError>?
    bytes.withUnsafeBytes { memory in
      result = Result { () throws(GraphError) in try PreparationSettings(json: memory, name) }
    }
    guard let result else { preconditionFailure("the body runs once") }
    self = try result.get()
  }

  private init(json bytes: UnsafeRawBufferPointer, _ file: String) throws(GraphError) {
    let text = try JSONText.decode(PreparationFile.self, bytes, file: file, subject: "preparation")
    self = try text.settings(file)
  }

  /// With keys in order, so that the same settings are the same text.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(PreparationFile(self)) else {
      preconditionFailure("finite numbers and text are always JSON")
    }
    return String(decoding: data, as: UTF8.self)
  }
}

/// `preparation.json` as it is written.
private struct PreparationFile: Codable {
  var montage: [String]?
  var positions: [[Double]]?
  var channels: Int?
  var sampling_rate: Double
  var band: [Double?]?
  var band_order: Int?
  var notch: [Double]?
  var notch_quality: Double?
  var reference: Reference?
  var window: [Double]
  var baseline: [Double]?
  var normalization: String?
  var samples: Int
  var microvolts_per_unit: Double?
  var classes: [String]?

  /// "recorded", "average", or labels of channels.
  enum Reference: Codable {
    case word(String), labels([String])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let word = try? container.decode(String.self) {
        self = .word(word)
      } else {
        self = .labels(try container.decode([String].self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .word(let word): try container.encode(word)
      case .labels(let labels): try container.encode(labels)
      }
    }
  }

  init(_ settings: PreparationSettings) {
    let known = settings.montage.positions.compactMap(\.self)
    if settings.montage.names.isEmpty {
      channels = settings.montage.count
    } else {
      montage = settings.montage.names
      if known.count == settings.montage.count { positions = known.map { [$0.x, $0.y, $0.z] } }
    }
    sampling_rate = settings.samplingRate
    band = settings.filters.band.map { [$0.low, $0.high] }
    band_order = settings.filters.band.map { _ in settings.filters.order }
    notch = settings.filters.notches.isEmpty ? nil : settings.filters.notches
    notch_quality = notch.map { _ in settings.filters.notchQuality }
    switch settings.reference {
    case .recorded: reference = nil
    case .average: reference = .word("average")
    case .channels(let labels): reference = .labels(labels)
    }
    window = [settings.window.from, settings.window.to]
    baseline = settings.baseline.map { [$0.from, $0.to] }
    normalization = settings.normalization == .none ? nil : settings.normalization.rawValue
    samples = settings.sampleCount
    microvolts_per_unit = settings.microvoltsPerUnit == 1 ? nil : settings.microvoltsPerUnit
    classes = settings.classes.isEmpty ? nil : settings.classes
  }

  func settings(_ file: String) throws(GraphError) -> PreparationSettings {
    func require<T>(_ value: T?, _ key: String, _ expected: String, _ found: String) throws(GraphError) -> T {
      guard let value else { throw .mismatch(file: file, key, expected: expected, found: found) }
      return value
    }
    func positive(_ value: Double, _ key: String) throws(GraphError) -> Double {
      try require(value > 0 && value.isFinite ? value : nil, key, "more than 0", "\(value)")
    }
    func seconds(_ pair: [Double], _ key: String) throws(GraphError) -> SecondsRange {
      try require(
        pair.count == 2 ? SecondsRange(from: pair[0], to: pair[1]) : nil, key, "[from, to] in seconds", "\(pair)")
    }
    var filters = SignalFilters(samplingRate: try positive(sampling_rate, "sampling_rate"))
    // Faster than any amplifier; seconds times such a rate are still integers.
    _ = try require(sampling_rate <= 1e6 ? 0 : nil, "sampling_rate", "1000000 Hz at most", "\(sampling_rate)")
    if let band {
      filters.band = try require(
        band.count == 2 ? FrequencyBand(low: band[0], high: band[1]) : nil, "band", "[low, high] in Hz",
        "\(band.map { $0.map { "\($0)" } ?? "null" })")
    }
    if let band_order {
      filters.order = try require(
        (1...20).contains(band_order) ? band_order : nil, "band_order", "1 to 20", "\(band_order)")
    }
    for frequency in notch ?? [] { filters.notches.append(try positive(frequency, "notch")) }
    if let notch_quality { filters.notchQuality = try positive(notch_quality, "notch_quality") }
    var reference = EEGReference.recorded
    switch self.reference {
    case nil, .word("recorded"): break
    case .word("average"): reference = .average
    case .word(let word): throw .mismatch(file: file, "reference", expected: "recorded, average or labels", found: word)
    case .labels(let labels):
      reference = .channels(try require(labels.isEmpty ? nil : labels, "reference", "labels", "none"))
    }
    let window = try seconds(window, "window")
    return PreparationSettings(
      montage: try electrodes(file), filters: filters, reference: reference,
      window: try require(
        window.samples(at: sampling_rate).count >= 2 ? window : nil, "window", "two samples or more", "\(window)"),
      baseline: try baseline.map { (pair) throws(GraphError) in try seconds(pair, "baseline") },
      normalization: try require(
        normalization.map(PreparationSettings.Normalization.init) ?? PreparationSettings.Normalization.none,
        "normalization", "none or robust_z", normalization ?? ""),
      sampleCount: try require((2...1 << 20).contains(samples) ? samples : nil, "samples", "2 or more", "\(samples)"),
      microvoltsPerUnit: try positive(microvolts_per_unit ?? 1, "microvolts_per_unit"), classes: classes ?? [])
  }

  private func electrodes(_ file: String) throws(GraphError) -> Montage {
    guard let montage, !montage.isEmpty else {
      guard let channels, (1...1 << 16).contains(channels) else {
        throw .mismatch(
          file: file, "montage", expected: "names of electrodes, or their number as \"channels\"",
          found: channels.map { "\($0)" } ?? "none")
      }
      return Montage(count: channels)
    }
    let spellings = Dictionary(grouping: montage) { Montage.key($0).lowercased() }.values
    if let twice = spellings.first(where: { $0.count > 1 }) {
      let names = twice.map { "\"\($0)\"" }.joined(separator: " and ")
      throw .mismatch(file: file, "montage", expected: "each name once", found: names)
    }
    guard let positions else { return Montage(names: montage) }
    let points = positions.compactMap { row -> SIMD3<Double>? in
      guard row.count == 3, row.allSatisfy(\.isFinite), row.contains(where: { $0 != 0 }) else { return nil }
      return [row[0], row[1], row[2]]
    }
    guard points.count == positions.count, points.count == montage.count else {
      throw .mismatch(
        file: file, "positions", expected: "[x, y, z] for each of \(montage.count) electrodes",
        found: "\(points.count) such of \(positions.count)")
    }
    return Montage(names: montage, positions: points)
  }
}
