import Foundation
import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

@Suite("Tensors in ONNX files") struct TensorImportTests {
  private func initializer(_ fields: [UInt8]) throws -> Tensor {
    try #require(try ModelReader.parse(bytes: Wire.model(initializer: fields), name: "m").graph.initializers["W"])
  }

  @Test("Elements in the typed fields, for every element type")
  func typedFields() throws {
    func packed(_ field: UInt64, _ values: [Int64]) -> [UInt8] {
      Wire.bytes(field, values.flatMap { Wire.varint(UInt64(bitPattern: $0)) })
    }
    let dims = Wire.int(1, 2)
    for type in [ElementType.int32, .int16, .int8] {
      #expect(try initializer(dims + Wire.int(2, Int64(type.rawValue)) + packed(5, [-1, 3])).int64s() == [-1, 3])
    }
    for type in [ElementType.uint16, .uint8] {
      #expect(try initializer(dims + Wire.int(2, Int64(type.rawValue)) + packed(5, [255, 3])).int64s() == [255, 3])
    }
    #expect(try initializer(dims + Wire.int(2, 9) + packed(5, [0, 7])).elements(of: Bool.self) == [false, true])
    #expect(try initializer(dims + Wire.int(2, 10) + packed(5, [0x3C00, 0xC000])).doubles() == [1, -2])
    #expect(try initializer(dims + Wire.int(2, 16) + packed(5, [0x3F80, 0xC000])).doubles() == [1, -2])
    #expect(try initializer(dims + Wire.int(2, 17) + packed(5, [0x38, 0xB8])).doubles() == [1, -1])
    #expect(try initializer(dims + Wire.int(2, 22) + packed(5, [0xF1])).int64s() == [1, -1])
    #expect(try initializer(dims + Wire.int(2, 21) + packed(5, [0xF1])).int64s() == [1, 15])
    #expect(try initializer(dims + Wire.int(2, 26) + packed(5, [0b1101])).int64s() == [1, -1])
    #expect(try initializer(dims + Wire.int(2, 7) + packed(7, [-5, 6])).int64s() == [-5, 6])
    #expect(try initializer(dims + Wire.int(2, 13) + packed(11, [-1, 6])).elements(of: UInt64.self) == [.max, 6])
    #expect(
      try initializer(dims + Wire.int(2, 12) + packed(11, [0xFFFF_FFFF, 6])).elements(of: UInt32.self) == [.max, 6])
    #expect(
      try initializer(dims + Wire.int(2, 1) + Wire.bytes(4, [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])).doubles() == [1, -2])
    #expect(
      try initializer(Wire.int(1, 1) + Wire.int(2, 11) + Wire.bytes(10, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F])).doubles() == [
        1
      ])
    #expect(try initializer(dims + Wire.int(2, 8) + Wire.text(6, "a") + Wire.text(6, "ü")).strings == ["a", "ü"])
  }

  @Test("Bools of any byte but zero are true") func bools() throws {
    #expect(bytes(of: try initializer(Wire.int(1, 3) + Wire.int(2, 9) + Wire.bytes(9, [0, 2, 255]))) == [0, 1, 1])
  }

  @Test("What does not fit is refused with what was expected and found")
  func refused() {
    let float = Wire.int(2, 1)
    let cases: [([UInt8], String)] = [
      (Wire.int(1, 2) + float + Wire.bytes(9, [1, 2, 3]), "raw_data of initializer \"W\": expected 8 bytes"),
      (Wire.int(1, 2) + float, "float_data of initializer \"W\": expected 2 numbers because the shape is [2], found 0"),
      (Wire.int(1, -1) + float, "expected extents from 0 up, found [-1]"),
      (Wire.int(1, 1 << 62) + Wire.int(1, 8) + float, "expected a shape whose elements can be counted"),
      (Wire.int(1, 1 << 61) + float, "expected a shape whose elements can be counted"),
      (Wire.int(1, 1 << 50) + float, "found 0"),
      (Wire.int(1, 2), "expected an element type from 1 to 26, found 0"),
      (Wire.int(1, 2) + Wire.int(2, 99), "found 99"),
      (Wire.int(1, 1) + Wire.int(2, 3) + Wire.bytes(5, Wire.varint(300)), "expected numbers of 8 bits, found 300"),
      (Wire.int(1, 1) + Wire.int(2, 8) + Wire.bytes(6, [0xFF]), "expected UTF-8"),
      (Wire.int(1, 1) + float + Wire.bytes(3, []), "segments"),
      (Wire.int(1, 1) + float + Wire.int(14, 1), "expected a location, found none"),
    ]
    for (fields, expected) in cases {
      let error = message { _ = try initializer(fields) }
      let folder = FileManager.default.temporaryDirectory.path
      let inFolder = message {
        _ = try ModelReader.parse(bytes: Wire.model(initializer: fields), name: "m", folder: folder)
      }
      #expect(error.contains(expected) || inFolder.contains(expected), "\(error)")
    }
  }
}

@Suite("External data") struct ExternalDataTests {
  private let floats: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]

  private func load(_ folder: TemporaryFolder, _ external: [UInt8]) throws -> Tensor {
    try folder.write(Wire.model(initializer: Wire.int(1, 2) + Wire.int(2, 1) + external), to: "m.onnx")
    return try #require(try ModelReader.load(folder.file("m.onnx")).graph.initializers["W"])
  }

  @Test("Elements are found at their offset, aligned or not") func found() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("sub"), withIntermediateDirectories: false)
    try folder.write([9, 9, 9, 9] + floats, to: "sub/w.bin")
    #expect(try load(folder, Wire.external("sub/w.bin", offset: "4")).doubles() == [1, 2])
    #expect(try load(folder, Wire.external("sub/w.bin", offset: "4", length: "8")).doubles() == [1, 2])
    try folder.write([9] + floats, to: "w.bin")
    #expect(try load(folder, Wire.external("w.bin", offset: "1")).doubles() == [1, 2])
    #expect(try load(folder, Wire.external("./w.bin", offset: "1")).doubles() == [1, 2])
  }

  @Test("What is absent, too short or outside the folder is refused") func refused() throws {
    let outer = try TemporaryFolder()
    try outer.write(floats, to: "outside.bin")
    try FileManager.default.createDirectory(atPath: outer.file("model"), withIntermediateDirectories: false)
    let folder = try TemporaryFolder()
    try folder.write(Array(floats[..<7]), to: "short.bin")
    try folder.write(floats, to: "w.bin")
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link.bin"), withDestinationPath: outer.file("outside.bin"))
    try FileManager.default.createSymbolicLink(atPath: folder.file("linked"), withDestinationPath: outer.path)
    try FileManager.default.createDirectory(atPath: folder.file("dir.bin"), withIntermediateDirectories: false)
    let cases: [([UInt8], String)] = [
      (Wire.external("none.bin"), "cannot be found: No such file"),
      (Wire.external("short.bin"), "expected 8 bytes from offset 0, found a file of 7 bytes"),
      (Wire.external("w.bin", offset: "4"), "expected 8 bytes from offset 4, found a file of 8 bytes"),
      (Wire.external("w.bin", offset: "9223372036854775807"), "found a file of 8 bytes"),
      (Wire.external("w.bin", offset: "99999999999999999999"), "found \"99999999999999999999\""),
      (Wire.external("w.bin", offset: "-1"), "found \"-1\""),
      (Wire.external("w.bin", length: "4"), "expected length 8"),
      (Wire.external(outer.file("outside.bin")), "without .."),
      (Wire.external("../w.bin"), "without .."),
      (Wire.external("sub/../w.bin"), "without .."),
      (Wire.external("link.bin"), "found a link that leads to"),
      (Wire.external("linked/outside.bin"), "found a link that leads to"),
      (Wire.external("dir.bin"), "found a folder"),
      (Wire.external(""), "expected a location"),
    ]
    for (external, expected) in cases {
      let error = message { _ = try load(folder, external) }
      #expect(error.contains(expected) && error.contains("initializer \"W\""), "\(error)")
    }
  }

  @Test("A link inside the folder is followed") func linkInside() throws {
    let folder = try TemporaryFolder()
    try folder.write(floats, to: "w.bin")
    try FileManager.default.createSymbolicLink(atPath: folder.file("link.bin"), withDestinationPath: "w.bin")
    #expect(try load(folder, Wire.external("link.bin")).doubles() == [1, 2])
  }

  @Test("Files past 2 GB are mapped") func large() throws {
    let folder = try TemporaryFolder()
    // Sparse: nothing but the last bytes is on the disk.
    try folder.write([], to: "large.bin")
    let handle = try #require(FileHandle(forWritingAtPath: folder.file("large.bin")))
    try handle.seek(toOffset: 5 << 30)
    try handle.write(contentsOf: Data(floats))
    try handle.close()
    #expect(try load(folder, Wire.external("large.bin", offset: "\(5 << 30)")).doubles() == [1, 2])
  }
}
