import OneiroDream
import OneiroGraph
import OneiroPicture
import Testing

@Suite struct PictureTests {
  private let picture = Picture(width: 3, height: 2, pixels: (0..<18).map { UInt8($0 * 13) })

  @Test func pngGivesThePixelsBack() throws {
    let file = try PNG.encode(picture, text: [.init("seed", "7"), .init("sampler", "plms")])
    let decoded = try file.withUnsafeBytes { (bytes) throws(GraphError) in try PNG.decode(bytes, name: "a.png") }
    #expect(decoded == picture)
    #expect(chunks(file).filter { $0.type == "tEXt" }.map(\.body) == ["seed\u{0}7", "sampler\u{0}plms"])
  }

  @Test func aDamagedPNGIsRefusedByName() throws {
    let file = try PNG.encode(picture)
    for end in [0, 1, 8, 20, file.count / 2, file.count - 13] {
      let error = #expect(throws: GraphError.self) {
        try file[..<end].withUnsafeBytes { (bytes) throws(GraphError) in try PNG.decode(bytes, name: "a.png") }
      }
      #expect(error?.description.hasPrefix("a.png: ") == true, "cut at \(end)")
    }
  }

  @Test func aPictureOfTooManyPixelsIsRefused() throws {
    var file = try PNG.encode(picture)
    // Width and height lie at 16 and 20, big-endian; the CRC over type and body at 29.
    file.replaceSubrange(16..<24, with: [0, 1, 0, 0, 0, 1, 0, 0])
    file.replaceSubrange(29..<33, with: crc(file[12..<29]))
    let error = #expect(throws: GraphError.self) {
      try file.withUnsafeBytes { (bytes) throws(GraphError) in try PNG.decode(bytes, name: "a.png") }
    }
    #expect(error?.description == "a.png: expected at most 268435456 pixels, found 65536 x 65536")
  }

  @Test func aNoteWithoutAKeyDoesNotEndTheProgram() {
    // libpng drops or refuses a bad key; either way the call comes back.
    _ = try? PNG.encode(picture, text: [.init("", "x"), .init(String(repeating: "k", count: 200), "x")])
  }

  @Test func pixelsAreRoundedAndCutOff() throws {
    let values: [Float] = [-2, -1, 0, 1, 2, 0.5] + [Float](repeating: -1, count: 12)
    let pictures = try Picture.pictures(Tensor(values, dims: [1, 3, 2, 3]))
    // Row 0 is -2, -1, 0 in red; 0 is the level 127.5, which goes to the even 128.
    #expect(
      pictures == [
        Picture(width: 3, height: 2, pixels: [0, 0, 0, 0, 0, 0, 128, 0, 0, 255, 0, 0, 255, 0, 0, 191, 0, 0])
      ])
  }

  @Test func pixelsAreTheSameAfterATripThroughATensor() throws {
    #expect(try Picture.pictures(picture.tensor) == [picture])
  }

  @Test func aPictureThatIsNotFiniteIsRefused() {
    var values = [Float](repeating: 0, count: 24)
    values[12 + 4 + 3] = .nan
    let error = #expect(throws: DreamError.self) { try Picture.pictures(Tensor(values, dims: [2, 3, 2, 2])) }
    #expect(error?.description == "picture 1, channel 1, row 1, column 1: expected a finite number, found nan")
  }

  @Test func aTensorThatIsNoPictureIsRefused() {
    let error = #expect(throws: DreamError.self) {
      try Picture.pictures(Tensor([Float](repeating: 0, count: 4), dims: [1, 1, 2, 2]))
    }
    #expect(error?.description == "picture: expected float[N,3,H,W], found float[1,1,2,2]")
  }

  @Test func contactSheetPutsTruthAboveAndFramesWhatIsWrong() throws {
    let white = Picture(width: 2, height: 1, filledWith: .init(red: 255, green: 255, blue: 255))
    let sheet = try ContactSheet.draw(
      [.init(truth: white, generated: white), .init(truth: white, generated: white, isWrong: true)], columns: 5)
    let rows = (0..<sheet.height).map { y in
      String(
        (0..<sheet.width).map { x -> Character in
          let at = (y * sheet.width + x) * 3
          return sheet.pixels[at] == 0 ? "." : sheet.pixels[at + 1] == 0 ? "r" : "W"
        })
    }
    #expect(
      rows == [
        "..........",
        "..........",
        "..WW..WW..",
        "....rrrrrr",
        "....rrrrrr",
        "..WWrrWWrr",
        "....rrrrrr",
        "....rrrrrr",
      ])
  }

  @Test func contactSheetRefusesPicturesOfTwoSizes() {
    let error = #expect(throws: DreamError.self) {
      try ContactSheet.draw(
        [.init(generated: picture), .init(generated: Picture(width: 1, height: 1, filledWith: .red))], columns: 2)
    }
    #expect(error?.description == "contact sheet: picture 1: expected 3 x 2 pixels because the first is, found 1 x 1")
  }

  private func chunks(_ file: [UInt8]) -> [(type: String, body: String)] {
    var result: [(String, String)] = []
    var start = 8
    while start + 12 <= file.count {
      let length = file[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      let body = file[start + 8..<start + 8 + length]
      result.append(
        (String(decoding: file[start + 4..<start + 8], as: UTF8.self), String(decoding: body, as: UTF8.self)))
      start += length + 12
    }
    return result
  }

  private func crc(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var value = ~UInt32(0)
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : (value >> 1) ^ 0xedb8_8320 }
    }
    value = ~value
    return withUnsafeBytes(of: value.bigEndian, Array.init)
  }
}
