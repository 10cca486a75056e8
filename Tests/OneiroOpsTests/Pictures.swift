import Foundation
import Testing

/// The files of Tests/Golden/pictures.
enum Pictures {
  struct Expected: Sendable, CustomTestStringConvertible {
    let name: String
    let width, height: Int
    /// 3 bytes each, as Pillow reads the file.
    let pixels: [Int64]
    var testDescription: String { name }
    /// The way from the file's numbers to colors is not exact.
    var isLossy: Bool { name.hasSuffix(".jpg") || name == "lossy.webp" }
    var hasAlpha: Bool { name.hasPrefix("alpha") }
  }

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Golden/pictures")

  static func file(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  static func expected() throws -> [Expected] {
    let text = String(decoding: try file("pixels.tsv"), as: UTF8.self)
    return try text.split(separator: "\n").dropFirst().map { line in
      let fields = line.split(separator: "\t")
      let digits = Array(try #require(fields.last))
      return Expected(
        name: String(fields[0]), width: try #require(Int(fields[1])), height: try #require(Int(fields[2])),
        pixels: try stride(from: 0, to: digits.count, by: 2).map {
          try #require(Int64(String(digits[$0...$0 + 1]), radix: 16))
        })
    }
  }

  /// Writes a tag of the first directory of a little-endian TIFF file, as a number of 32 bits.
  static func setTag(_ tag: UInt16, to value: UInt32, in file: inout [UInt8]) throws {
    let directory = (0..<4).reduce(0) { $0 | Int(file[4 + $1]) << (8 * $1) }
    let count = Int(file[directory]) | Int(file[directory + 1]) << 8
    let entry = try #require(
      (0..<count).map { directory + 2 + 12 * $0 }.first { UInt16(file[$0]) | UInt16(file[$0 + 1]) << 8 == tag })
    let long: [UInt8] = [4, 0, 1, 0, 0, 0]
    file.replaceSubrange(entry + 2..<entry + 8, with: long)
    for byte in 0..<4 { file[entry + 8 + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(byte))) }
  }
}
