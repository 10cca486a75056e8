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

  @Test func unreadKindsAreNamed() {
    #expect(throws: KernelError("a WebP file that cannot be read: expected one picture, found an animation")) {
      try decode(Pictures.file("animated.webp"))
    }
    #expect(throws: KernelError.self) { try decode(bmp(bits: 8)) }
    #expect(throws: KernelError.self) { try decode(Array("P4 1 1\n".utf8)) }
    #expect(throws: KernelError.self) { try decode(png, "CMYK") }
  }

  /// Decoders of lossy formats may round as they like: half a unit in each of a few steps.
  @Test(arguments: try Pictures.expected()) func librariesFindTheSamePixels(_ picture: Pictures.Expected) throws {
    let image = try #require(try decode(Pictures.file(picture.name)))
    #expect(image.dims == [picture.height, picture.width, 3])
    let found = image.int64s()
    try #require(found.count == picture.pixels.count)
    let largest = zip(found, picture.pixels).map { abs($0 - $1) }.max() ?? 0
    #expect(largest <= (picture.isLossy ? 3 : picture.hasAlpha ? 1 : 0), "\(picture.name): \(largest)")
  }

  /// Whatever stands in a file: some pixels, none, or a reason, and never the end of the process.
  @Test(arguments: try Pictures.expected().map(\.name)) func damagedPicturesAreSurvived(_ name: String) throws {
    let whole = try Pictures.file(name)
    for count in stride(from: 12, to: whole.count, by: 1 + whole.count / 60) {
      _ = try? decode(Array(whole[..<count]))
    }
    for bit in stride(from: 0, to: whole.count * 8, by: 1 + whole.count / 25) {
      var flipped = whole
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      if let image = try? decode(flipped) { #expect(image.dims.count == 3) }
    }
  }

  @Test(arguments: ["rgb.png", "rgb.jpg", "progressive.jpg", "lossy.webp", "rgb.tif", "rgb.jp2", "rgb.j2k"])
  func halfAPictureIsDamaged(_ name: String) throws {
    let whole = try Pictures.file(name)
    let image = try #require(try decode(Array(whole[..<(whole.count / 2)])))
    #expect(image.dims == [0, 0, 3])
  }

  /// The size in a header is looked at before memory is taken: 65,535 x 65,535 pixels would be 12 GB. A few hundred
  /// bytes may not even speak of 8,192 x 8,192.
  @Test func hugeSizesAreRefused() throws {
    var jpeg = try Pictures.file("rgb.jpg")
    let frame = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xFF, 0xC0]) })
    for extent in [[0xFF, 0xFF], [0x20, 0x00]] as [[UInt8]] {
      jpeg.replaceSubrange(frame + 5..<frame + 9, with: extent + extent)
      #expect(try decode(jpeg)?.dims == [0, 0, 3])
    }
    var codestream = try Pictures.file("rgb.j2k")
    // Width and height, 4 bytes each, behind the markers SOC and SIZ, a length and the capabilities.
    for byte in 8..<16 { codestream[byte] = 0x7F }
    #expect(try decode(codestream)?.dims == [0, 0, 3])
    var tiff = try Pictures.file("rgb.tif")
    for tag in [256, 257] as [UInt16] { try Pictures.setTag(tag, to: 1 << 24, in: &tiff) }
    #expect(try decode(tiff)?.dims == [0, 0, 3])
  }
}
