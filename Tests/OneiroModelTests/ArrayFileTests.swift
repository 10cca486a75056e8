import Foundation
import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

@Suite("npy, npz and safetensors") struct ArrayFileTests {
  private func npy(_ header: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
    let count = UInt32(header.utf8.count)
    let length = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(header.utf8) + data
  }
  private func parse(_ bytes: [UInt8]) throws -> Tensor {
    try bytes.withUnsafeBytes { try NpyFile.parse($0, name: "a.npy") }
  }

  @Test("npy: byte order, column-major order, versions") func npyForms() throws {
    let bytes: [UInt8] = [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]
    for version: UInt8 in 1...3 {
      let header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }"
      #expect(try parse(npy(header, bytes, version: version)).int64s() == [1, 2, 3, 4, 5, 6])
    }
    let columns = try parse(npy("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }", bytes))
    #expect(columns.dims == [2, 3] && columns.int64s() == [1, 3, 5, 2, 4, 6])
    let big = try parse(npy("{'descr': '>i2', 'fortran_order': False, 'shape': (6,), }", bytes))
    #expect(big.int64s() == [256, 512, 768, 1024, 1280, 1536])
    #expect(
      try parse(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (), }", [2])).elements(of: Bool.self) == [true])
  }

  @Test("npy: every element type comes back, in a type that NumPy has") func npyRoundTrip() throws {
    let folder = try TemporaryFolder()
    for type in ElementType.allCases where type != .string {
      let tensor = type.isComplex ? ExampleModel.tensor(type) : Tensor(type, int64s: [1, 0, 1, 1, 0, 1], dims: [2, 3])
      try NpyFile.write(tensor, to: folder.file("a.npy"))
      let copy = try NpyFile.read(folder.file("a.npy"))
      #expect(copy.dims == tensor.dims)
      #expect(type.isComplex ? bytes(of: copy) == bytes(of: tensor) : copy.doubles() == tensor.doubles())
    }
    #expect(throws: GraphError.self) { try NpyFile.write(Tensor(strings: ["a"], dims: [1]), to: folder.file("b.npy")) }
    #expect(try folder.files == ["a.npy"])
  }

  @Test("npy: what is broken is refused")
  func npyRefused() {
    let cases: [([UInt8], String)] = [
      ([], "expected an npy file"), (npy("{}", []), "an entry 'descr'"),
      (npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }", [1]), "expected 12 bytes"),
      (npy("{'descr': '<q9', 'fortran_order': False, 'shape': (2,), }", [1]), "\"<q9\""),
      (npy("{'descr': [('a', '<i2')], 'fortran_order': False, 'shape': (2,), }", [1]), "structured array"),
      (npy("{'descr': '<i2', 'fortran_order': False, 'shape': (-2,), }", [1]), "extents from 0 up"),
      (
        npy("{'descr': '<i2', 'fortran_order': True, 'shape': (9223372036854775807, 9223372036854775807), }", []),
        "can be counted"
      ),
      (npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2", []), "a tuple"),
      (Array(npy("{'descr': '<i2'", [])[..<12]), "npy header"),
    ]
    for (bytes, expected) in cases {
      let error = message { _ = try parse(bytes) }
      #expect(error.hasPrefix("a.npy") && error.contains(expected), "\(error)")
    }
    #expect(
      message {
        _ = try parse(
          npy("{'descr': '<i2', 'fortran_order': True, 'shape': (9223372036854775807, 9223372036854775807, 0), }", []))
      } == "")
  }

  /// A zip archive of one stored or "compressed" entry.
  private func zip(_ name: String, _ data: [UInt8], method: UInt8 = 0) -> [UInt8] {
    func number(_ value: Int, _ width: Int) -> [UInt8] {
      (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let sizes = number(0, 4) + number(data.count, 4) + number(data.count, 4) + number(name.utf8.count, 2) + number(0, 2)
    let local = [0x50, 0x4B, 3, 4, 20, 0, 0, 0, method, 0, 0, 0, 0, 0] + sizes + Array(name.utf8) + data
    let entry =
      [0x50, 0x4B, 1, 2, 20, 0, 20, 0, 0, 0, method, 0, 0, 0, 0, 0] + sizes + number(0, 14) + Array(name.utf8)
    let end =
      [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + number(1, 2) + number(1, 2) + number(entry.count, 4) + number(local.count, 4) + [
        0, 0,
      ]
    return local + entry + end
  }

  @Test("npz: arrays by name; compressed ones are refused") func npz() throws {
    let folder = try TemporaryFolder()
    let array = try NpyFile.bytes(of: Tensor([Float](arrayLiteral: 1, 2), dims: [2]))
    try folder.write(zip("eeg.npy", array), to: "a.npz")
    #expect(try NpzFile.read(folder.file("a.npz"))["eeg"]?.doubles() == [1, 2])
    try folder.write(zip("eeg.npy", array, method: 8), to: "b.npz")
    #expect(message { _ = try NpzFile.read(folder.file("b.npz")) }.contains("is compressed"))
    let whole = zip("eeg.npy", array)
    for cut in stride(from: 0, to: whole.count, by: 5) {
      try folder.write(Array(whole[..<cut]), to: "c.npz")
      #expect(throws: GraphError.self) { try NpzFile.read(folder.file("c.npz")) }
    }
  }

  @Test("safetensors: what is written is read back") func safetensors() throws {
    let folder = try TemporaryFolder()
    let types: [ElementType] = [
      .float64, .float32, .float16, .bfloat16, .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16, .uint8, .bool,
      .float8e4m3fn, .float8e5m2,
    ]
    let tensors = Dictionary(uniqueKeysWithValues: types.map { ("a \"\\\n\($0)", ExampleModel.tensor($0)) })
    let file = SafetensorsFile(tensors: tensors, metadata: ["k": "\"v\""])
    try file.write(to: folder.file("a.safetensors"))
    let copy = try SafetensorsFile(contentsOf: folder.file("a.safetensors"))
    #expect(copy.metadata == file.metadata)
    #expect(
      copy.tensors.mapValues { "\($0.elementType)\($0.dims)\(bytes(of: $0))" }
        == tensors.mapValues { "\($0.elementType)\($0.dims)\(bytes(of: $0))" })
    #expect(throws: GraphError.self) {
      try SafetensorsFile(tensors: ["a": ExampleModel.tensor(.int4)]).write(to: folder.file("b"))
    }
    #expect(try folder.files == ["a.safetensors"])
  }

  @Test("safetensors: hostile headers are refused")
  func safetensorsRefused() throws {
    let folder = try TemporaryFolder()
    func file(_ header: String, _ data: [UInt8] = [0, 0, 0, 0], length: UInt64? = nil) -> [UInt8] {
      withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) } + Array(header.utf8) + data
    }
    let deep = String(repeating: "{\"a\":", count: 100_000)
    let cases: [([UInt8], String)] = [
      ([1, 2], "expected a safetensors file"), (file("{}", length: 1 << 63), "found 9223372036854775808"),
      (file("{"), "header"),
      (file(deep), "header"), (file(String(repeating: "[", count: 100_000)), "header"), (file("[]"), "header"),
      (file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}"), "expected 8 bytes"),
      (file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"), "at least 70 bytes in the file"),
      (file("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}"), "from 0 up"),
      (file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}"), "[4, 0]"),
      (file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}"), "[0]"),
      (file("{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,3],\"data_offsets\":[0,4]}}"), "can be counted"),
      (file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1e400],\"data_offsets\":[0,4]}}"), "header"),
      (file("{\"a\":{\"dtype\":\"Q9\",\"shape\":[1],\"data_offsets\":[0,4]}}"), "\"Q9\""),
      (
        file(
          "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}"
        ), "overlaps"
      ),
      (file("{\"a\":{}}"), "header"),
    ]
    for (bytes, expected) in cases {
      try folder.write(bytes, to: "a.safetensors")
      let error = message { _ = try SafetensorsFile(contentsOf: folder.file("a.safetensors")) }
      #expect(error.contains("a.safetensors") && error.contains(expected), "\(error.prefix(300))")
    }
  }
}
