import OneiroGraph
import OneiroOps
import Testing

@Suite struct ImageDecoderTests {
  private func decode(_ file: [UInt8], _ format: String = "RGB") throws(KernelError) -> Tensor? {
    let input = Tensor(file, dims: [file.count])
    return try OneNode(ImageDecoder.self, [input], ["pixel_format": .string(format)]).run()[0]?.tensor
  }

  /// Two pixels, 1 2 3 and 4 5 6.
  private let png: [UInt8] = [
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 2, 0, 0, 0, 1,
    8, 2, 0, 0, 0, 123, 64, 232, 221, 0, 0, 0, 15, 73, 68, 65, 84, 120, 156, 99, 96, 100, 98, 102,
    97, 101, 3, 0, 0, 63, 0, 22, 33, 186, 212, 84, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
  ]

  /// The same in a file whose pixels begin at byte 54; each row takes a multiple of 4 bytes.
  private func bmp(width: Int32 = 2, height: Int32 = 1, bits: UInt8 = 24) -> [UInt8] {
    func bytes(_ number: Int32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * Int32($0))) } }
    return Array("BM".utf8) + bytes(62) + bytes(0) + bytes(54) + bytes(40) + bytes(width) + bytes(height)
      + [1, 0, bits, 0] + [UInt8](repeating: 0, count: 24) + [3, 2, 1, 6, 5, 4, 0, 0]
  }

  @Test func threeFormatsHoldThePixels() throws {
    let pixmap = Array("P6 # two pixels\n2 1\n255\n".utf8) + [1, 2, 3, 4, 5, 6]
    for file in [png, bmp(), bmp(height: -1), pixmap, Array("P3 2 1 255 1 2 3 4 5 6".utf8)] {
      let image = try #require(try decode(file))
      #expect(image.dims == [1, 2, 3] && image.int64s() == [1, 2, 3, 4, 5, 6])
    }
    #expect(try decode(png, "BGR")?.int64s() == [3, 2, 1, 6, 5, 4])
    #expect(try decode(png, "Grayscale")?.int64s() == [2, 5])
    let deep = Array("P5 1 2 65535\n".utf8) + [0xFF, 0xFF, 0x7F, 0xFF]
    #expect(try decode(deep, "Grayscale")?.int64s() == [255, 127])
  }

  @Test func damagedFilesGiveNoPixels() throws {
    var damaged = [[], [0], Array("BM".utf8), Array("P6".utf8), Array("P6 2 1 255\n12".utf8)]
    damaged += [
      Array("P3 2 1 5 1 2 3 4 5 6".utf8), Array("P5 999999999 999999999 255\n".utf8), Array("P2 1 1 0 0".utf8),
    ]
    damaged += [bmp(width: .max), bmp(height: .min), bmp(width: 0), bmp(width: -2)]
    damaged += (8..<png.count - 12).map { Array(png[..<$0]) } + (2..<62).map { Array(bmp()[..<$0]) }
    for file in damaged {
      let image = try #require(try decode(file))
      #expect(image.dims == [0, 0, 3], "\(file)")
    }
  }

  @Test func otherFormatsAreNamed() {
    #expect(throws: KernelError("expected a PNG, BMP or Netpbm file, found a JPEG file")) {
      try decode([0xFF, 0xD8, 0xFF, 0xE0])
    }
    #expect(throws: KernelError.self) { try decode(bmp(bits: 8)) }
    #expect(throws: KernelError.self) { try decode(Array("P4 1 1\n".utf8)) }
    #expect(throws: KernelError.self) { try decode(png, "CMYK") }
  }
}
