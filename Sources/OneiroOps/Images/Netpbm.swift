import OneiroGraph

extension DecodedImage {
  /// A graymap or pixmap of Netpbm, as text (P2, P3) or binary (P5, P6), with samples of up to 16 bits.
  static func netpbm(_ file: [UInt8]) throws(KernelError) -> DecodedImage? {
    let kind = file[1] - UInt8(ascii: "0")
    guard kind != 1, kind != 4 else { throw KernelError("expected a graymap or pixmap, found a bitmap, P\(kind)") }
    var text = NetpbmText(file, at: 2)
    guard let width = text.number(), let height = text.number(), let largest = text.number(),
      let count = pixelCount(width, height), (1...65535).contains(largest)
    else { return nil }
    let channels = kind == 3 || kind == 6 ? 3 : 1, isText = kind < 4
    let sampleBytes = largest > 255 ? 2 : 1
    // One white space ends the header.
    var place = text.place + 1
    // A sample of text takes a digit and a space at least, but for the last.
    let needed = isText ? 2 * count * channels - 1 : count * channels * sampleBytes
    guard file.count - place >= needed else { return nil }
    var samples: [UInt8] = []
    samples.reserveCapacity(count * channels)
    for _ in 0..<count * channels {
      var sample: Int
      if isText {
        guard let number = text.number() else { return nil }
        sample = number
      } else {
        sample = (0..<sampleBytes).reduce(0) { $0 << 8 | Int(file[place + $1]) }
        place += sampleBytes
      }
      guard sample <= largest else { return nil }
      sample = (sample * 255 + largest / 2) / largest
      samples.append(UInt8(sample))
    }
    let rgb = channels == 3 ? samples : samples.flatMap { [$0, $0, $0] }
    return DecodedImage(width: width, height: height, rgb: rgb)
  }
}

/// Decimal numbers between white space and comments, which begin with # and end with the line.
private struct NetpbmText {
  private let bytes: [UInt8]
  private(set) var place: Int

  init(_ bytes: [UInt8], at place: Int) {
    self.bytes = bytes
    self.place = place
  }

  /// The next number, at most 9 digits long; `nil` where something else stands.
  mutating func number() -> Int? {
    while place < bytes.count, let byte = Optional(bytes[place]), isSpace(byte) || byte == UInt8(ascii: "#") {
      if byte == UInt8(ascii: "#") {
        while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
      } else {
        place += 1
      }
    }
    let start = place
    var number = 0
    while place < bytes.count, place < start + 9, (0x30...0x39).contains(bytes[place]) {
      number = number * 10 + Int(bytes[place] - 0x30)
      place += 1
    }
    return place == start ? nil : number
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
