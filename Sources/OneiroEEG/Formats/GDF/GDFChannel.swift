import OneiroGraph

/// One channel of a GDF header.
struct GDFChannel {
  let label: String
  let unit: String
  let transducer: String
  let samplesPerRecord: Int
  let type: SampleType
  let scaling: Scaling
  private(set) var warnings: [String] = []

  init(
    _ number: Int, of count: Int, _ text: HeaderText, _ fields: BinaryFields, isFirst: Bool, file: String
  ) throws(GraphError) {
    // Field, its offset a channel before it, its width.
    func at(_ before: Int, _ width: Int) -> Int { 256 + before * count + number * width }
    label = text.text(at(0, 16), 16)
    transducer = text.text(at(16, 80), 80)
    let name = "channel \(number + 1) \"\(label)\""
    unit = isFirst ? text.text(at(96, 8), 8) : Self.unit(Int(fields.uint(at(102, 2), 2))) ?? text.text(at(96, 6), 6)
    let physical = (minimum: fields.double(at(104, 8)), maximum: fields.double(at(112, 8)))
    let digital =
      isFirst
      ? (minimum: Double(fields.int64(at(120, 8))), maximum: Double(fields.int64(at(128, 8))))
      : (minimum: fields.double(at(120, 8)), maximum: fields.double(at(128, 8)))
    if let scaling = Scaling(digital: digital, physical: physical) {
      self.scaling = scaling
    } else {
      scaling = .identity
      warnings.append("\(name): no scaling, as its ranges are empty; its numbers are those of the file")
    }
    samplesPerRecord = Int(fields.uint(at(216, 4), 4))
    let code = Int(fields.uint(at(220, 4), 4))
    guard let type = Self.types[code] else {
      throw .mismatch(
        file: file, "header: \(name): type of its samples",
        expected: "one of \(Self.types.keys.sorted().map(String.init).joined(separator: ", "))", found: "\(code)")
    }
    self.type = type
    if samplesPerRecord == 0 { warnings.append("\(name): has no samples, and is left out") }
  }

  /// By GDF's codes. Of integers of other widths (255 + bits, 511 + bits) those of 24 bits are in use.
  private static let types: [Int: SampleType] = [
    1: .int8, 2: .uint8, 3: .int16, 4: .uint16, 5: .int32, 6: .uint32, 7: .int64, 8: .uint64, 16: .float32,
    17: .float64, 279: .int24, 535: .uint24,
  ]

  /// By the codes of ISO/IEEE 11073-10101: the unit, and in the lowest 5 bits a power of ten. Those of EEG amplifiers.
  private static func unit(_ code: Int) -> String? {
    let prefix = [0: "", 4: "k", 18: "m", 19: "u", 20: "n", 21: "p"][code & 31]
    let base = [512: "1", 544: "%", 736: "degree", 2496: "Hz", 4128: "A", 4256: "V", 4288: "Ohm", 6048: "degC"][
      code & ~31]
    guard let prefix, let base else { return nil }
    return code == 512 ? "" : prefix + base
  }
}
