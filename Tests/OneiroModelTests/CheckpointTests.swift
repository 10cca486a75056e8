import Foundation
import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

@Suite("Checkpoints: kinds of files, safetensors and its index") struct CheckpointTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func refusal(_ name: String) -> String { message { _ = try Checkpoint.read(folder.file(name)) } }

  /// A safetensors file with a header as given.
  private func file(_ header: String, _ data: [UInt8] = [0, 0, 0, 0]) -> [UInt8] {
    Pickle.number(header.utf8.count, 8) + Array(header.utf8) + data
  }

  @Test("safetensors: tensors, and metadata as settings") func safetensors() throws {
    let path = Golden.file("sd_style_tiny.safetensors")
    let checkpoint = try Checkpoint.read(path)
    try Golden.expect(checkpoint.tensors, equal: "sd_style_tiny.safetensors")
    #expect(checkpoint.settings == .dictionary(["format": .string("pt")]) && checkpoint.source == path)
    #expect(checkpoint.tensors["model_ema.decay"]?.dims == [])
    // The name of the file says nothing.
    try folder.write(Array(try Data(contentsOf: URL(fileURLWithPath: path))), to: "x.ckpt")
    #expect(try Checkpoint.read(folder.file("x.ckpt")).tensors.count == checkpoint.tensors.count)
  }

  @Test("safetensors: gaps are fine, names that are there twice are not") func safetensorsNames() throws {
    let a = "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}"
    let b = "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[3,4]}"
    try folder.write(file("{\(a),\(b)}", [1, 0, 0, 2]), to: "a.safetensors")
    #expect(try Checkpoint.read(folder.file("a.safetensors")).tensors["b"]?.read().doubles() == [2])
    for again in [b.replacing("\"b\"", with: "\"a\""), b.replacing("\"b\"", with: "\"\\u0061\"")] {
      try folder.write(file("{\(a),\(again)}"), to: "a.safetensors")
      #expect(refusal("a.safetensors").contains("has the key \"a\" twice"))
    }
    // Colons and quotes in names are names.
    let odd = #""a\":{":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#
    try folder.write(file("{\(odd),\(b)}"), to: "a.safetensors")
    #expect(try Checkpoint.read(folder.file("a.safetensors")).tensors.keys.sorted() == ["a\":{", "b"])
  }

  @Test("safetensors: a part of a file says how many bytes were expected") func safetensorsPart() throws {
    let entry = { (name: String, range: String) in
      "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[25],\"data_offsets\":[\(range)]}"
    }
    let header = "{\(entry("a", "0,100")),\(entry("b", "100,200"))}"
    let whole = file(header, [UInt8](repeating: 0, count: 200))
    try folder.write(Array(whole.dropLast(50)), to: "a.safetensors")
    let error = refusal("a.safetensors")
    #expect(error.contains("tensor \"b\": expected at least \(whole.count) bytes in the file"), "\(error)")
    #expect(error.hasSuffix("found \(whole.count - 50)"), "\(error)")
    try folder.write(Array(whole.prefix(60)), to: "a.safetensors")
    #expect(refusal("a.safetensors").contains("expected at least \(8 + header.utf8.count) bytes"))
    #expect(refusal("a.safetensors").hasSuffix("found 60"))
    try folder.write(Array(whole.prefix(5)), to: "a.safetensors")
    #expect(refusal("a.safetensors").contains("found 5 bytes"))
    // A header of 2^63 bytes, and offsets that overflow.
    try folder.write(Pickle.number(.min, 8) + Array("{}".utf8), to: "a.safetensors")
    #expect(refusal("a.safetensors").contains("found 9223372036854775808"))
    try folder.write(file("{\(entry("a", "9223372036854775707,9223372036854775807"))}"), to: "a.safetensors")
    #expect(refusal("a.safetensors").contains("tensor \"a\": expected data_offsets"))
  }

  @Test("An index: each tensor from the shard that it names") func index() throws {
    try SafetensorsFile(tensors: ["a": Tensor([Float](arrayLiteral: 1), dims: [1]), "x": Tensor(scalar: Float(9))])
      .write(to: folder.file("m-1.safetensors"))
    try SafetensorsFile(tensors: ["b": Tensor(scalar: Float(2))]).write(to: folder.file("m-2.safetensors"))
    func write(_ map: String) throws {
      let text = "{\"metadata\": {\"total_size\": 8}, \"weight_map\": {\(map)}}\n"
      try folder.write(Array(text.utf8), to: "m.safetensors.index.json")
    }
    let index = "m.safetensors.index.json"
    try write(#""a": "m-1.safetensors", "b": "m-2.safetensors""#)
    let checkpoint = try Checkpoint.read(folder.file(index))
    #expect(checkpoint.tensors.keys.sorted() == ["a", "b"])
    #expect(try checkpoint.tensors["b"]?.read().doubles() == [2])

    let cases = [
      (#""a": "m-3.safetensors""#, "tensor \"a\" of the index: expected shard \"m-3.safetensors\""),
      (#""c": "m-1.safetensors""#, "tensor \"c\" of the index: expected a tensor of this name in shard"),
      (#""b": "m-1.safetensors""#, "tensor \"b\""), (#""a": "../m-1.safetensors""#, "without a folder"),
      (#""a": "/etc/passwd""#, "without a folder"), (#""a": "sub/m-1.safetensors""#, "without a folder"),
      (#""a": ".""#, "without a folder"), (#""a": """#, "without a folder"), (#""a": "..""#, "without a folder"),
      (#""a": "m-1.safetensors\u0000""#, "without a folder"), (#""a": 1"#, "is not what the format asks for"),
      (#""a": "m-1.safetensors", "a": "m-2.safetensors""#, "has the key \"a\" twice"),
      (#""a": "m.safetensors.index.json""#, "m.safetensors.index.json"),
    ]
    for (map, expected) in cases {
      try write(map)
      #expect(refusal(index).contains(expected), "\(map): \(refusal(index))")
    }
    try folder.write(Array("{\"a\": 1}".utf8), to: index)
    #expect(refusal(index).contains("weight_map"))
    try folder.write(Array(String(repeating: "{\"a\":", count: 100_000).utf8), to: index)
    #expect(refusal(index).contains("safetensors index"))
  }

  @Test("What is no checkpoint is refused, a folder with a hint") func others() throws {
    let error = message { _ = try Checkpoint.read(folder.path) }
    #expect(error.contains("found a folder") && !error.contains("it holds"))
    try folder.write([1], to: "b.safetensors")
    try folder.write([1], to: "a.ckpt")
    #expect(message { _ = try Checkpoint.read(folder.path) }.contains("it holds \"b.safetensors\""))
    #expect(refusal("missing.pth").contains("cannot be opened"))
    let cases: [([UInt8], String)] = [
      ([], "an empty file"), ([1, 2, 3], "3 bytes that begin with 01 02 03"),
      (Pickle.file(Pickle.none), "a pickle without the header"), (Array("<html>".utf8), "a web page"),
      (Array(LegacyTorch.magic.dropLast()), "a pickle without the header"), (Array("[]".utf8), "2 bytes"),
      (Array("version https://git-lfs.github.com/spec/v1".utf8), "git lfs pull"),
    ]
    for (bytes, expected) in cases {
      try folder.write(bytes, to: "c.pth")
      let error = refusal("c.pth")
      #expect(error.contains("expected a safetensors file, its index") && error.contains(expected), "\(error)")
    }
    #expect(message { _ = try TorchFile(contentsOf: Golden.file("sd_style_tiny.safetensors")) }.contains("torch.save"))
  }
}
