import Foundation
import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

/// What can be wrong with the containers of torch.save, and with the tensors in them.
@Suite("Torch containers") struct TorchContainerTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func read(_ bytes: [UInt8]) throws -> Checkpoint {
    try folder.write(bytes, to: "a.pth")
    return try Checkpoint.read(folder.file("a.pth"))
  }
  private func refusal(_ bytes: [UInt8]) -> String { message { _ = try read(bytes) } }
  private func floats(_ values: Float...) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  /// A file of one tensor "w" with 24 bytes of storage.
  private func one(_ tensor: [UInt8]) -> ZipWriter {
    ZipWriter(
      torch: Pickle.dictionary(["state_dict": Pickle.dictionary(["net.w": tensor])]), ["0": floats(0, 1, 2, 3, 4, 5)])
  }

  @Test("Views: every stride, and extents of one and none") func views() throws {
    let cases: [([UInt8], dims: [Int], [Double])] = [
      (Pickle.tensor(count: 6, [3, 2], strides: [1, 3]), [3, 2], [0, 3, 1, 4, 2, 5]),
      (Pickle.tensor(count: 6, offset: 1, [2, 2], strides: [3, 1]), [2, 2], [1, 2, 4, 5]),
      (Pickle.tensor(count: 6, offset: 5, []), [], [5]), (Pickle.tensor(count: 6, offset: 9, [2, 0]), [2, 0], []),
      (Pickle.tensor(count: 6, offset: 4, [3], strides: [0]), [3], [4, 4, 4]),
      (Pickle.tensor(count: 6, [4, 3], strides: [1, 1]), [4, 3], [0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5]),
      (Pickle.tensor(count: 6, [2, 1], strides: [3, .max]), [2, 1], [0, 3]),
      (Pickle.tensor(count: 6, [1, 2, 1], strides: [.max, 2, .max]), [1, 2, 1], [0, 2]),
      (Pickle.tensor(count: 6, [1, 2, 3], strides: [77, 3, 1]), [1, 2, 3], [0, 1, 2, 3, 4, 5]),
      (Pickle.tensor(count: 6, [0, .max, .max], strides: [.max, .max, .max]), [0, .max, .max], []),
    ]
    for (tensor, dims, values) in cases {
      let found = try #require(try read(one(tensor).bytes).tensors["net.w"])
      #expect(try found.dims == dims && found.read().doubles() == values)
    }
  }

  @Test("Elements of a type that has no storage class, and of 16 bytes") func untyped() throws {
    func tensor(_ storage: String, _ dtype: String, _ dims: [Int], _ strides: [Int], offset: Int = 0) -> [UInt8] {
      Pickle.call(
        "torch._utils", "_rebuild_tensor_v3",
        [
          Pickle.storage(storage, key: "0", count: storage == "UntypedStorage" ? 24 : 6), Pickle.int(offset),
          Pickle.tuple(dims), Pickle.tuple(strides), Pickle.bool(false), Pickle.none, Pickle.global("torch", dtype),
        ])
    }
    var archive = one(tensor("UntypedStorage", "uint16", [2, 2], [1, 2], offset: 1))
    archive.entries[2].data = (0..<24).map { UInt8($0) }
    #expect(
      try read(archive.bytes).tensors["net.w"]?.read().elements(of: UInt16.self) == [0x302, 0x706, 0x504, 0x908])
    archive.entries[0].data = one(tensor("UntypedStorage", "complex128", [1, 1], [1, 1])).entries[0].data
    #expect(try read(archive.bytes).tensors["net.w"]?.dims == [1, 1])
    #expect(
      refusal(one(tensor("UntypedStorage", "complex128", [2], [1])).bytes).contains("at least 32 bytes"))
    #expect(refusal(one(tensor("FloatStorage", "quint8", [2], [1])).bytes).contains("torch.quint8"))
  }

  @Test("Tensors that do not fit their storage are refused by their full names") func tensors() {
    let cases: [([UInt8], String)] = [
      (Pickle.tensor([7]), "expected 28 bytes of storage \"0\""),
      (Pickle.tensor(key: "5", [6]), "storage \"5\" in the file"),
      (Pickle.tensor(count: 6, [7]), "at least 28 bytes"),
      (Pickle.tensor(count: 6, offset: 1, [6]), "at least 28 bytes"),
      (Pickle.tensor(count: 6, offset: .max, [1]), "can be counted"),
      (Pickle.tensor(count: 6, [2, 2], strides: [.max, 1]), "can be counted"),
      (Pickle.tensor(count: 6, [.max, .max], strides: [1, 1]), "can be counted"),
      (Pickle.tensor(count: 6, [3, 1 << 40], strides: [0, 0]), "it repeats a storage"),
      (Pickle.tensor(count: .max, [1]), "can be counted"),
    ]
    for (tensor, expected) in cases {
      let error = refusal(one(tensor).bytes)
      #expect(error.contains("a.pth: tensor \"net.w\": ") && error.contains(expected), "\(error)")
    }
    let unnamed: [([UInt8], String)] = [
      (Pickle.tensor(count: 6, offset: -1, [1]), "are not what it takes"),
      (Pickle.tensor(count: 6, [-1]), "from 0 up"), (Pickle.tensor(count: -1, [1]), "no storage"),
      (Pickle.tensor(count: 6, [1], strides: [-1]), "from 0 up"),
      (Pickle.tensor(count: 6, [1, 1], strides: [1]), "2 extents has 1 strides"),
      (Pickle.tensor(count: 6, [Int](repeating: 1, count: 65)), "at most 64 axes"),
    ]
    for (tensor, expected) in unnamed {
      let error = refusal(one(tensor).bytes)
      #expect(error.contains("a.pth") && error.contains(expected), "\(error)")
    }
  }

  @Test("Which dictionary holds the tensors, and what is a setting") func places() throws {
    let w = Pickle.tensor([1]), storage: KeyValuePairs = ["0": floats(7)]
    func names(_ value: [UInt8]) throws -> [String] {
      try read(ZipWriter(torch: value, storage).bytes).tensors.keys.sorted()
    }
    let inner = Pickle.dictionary(["w": w])
    #expect(try names(Pickle.dictionary(["model": inner, "state_dict": Pickle.dictionary(["v": w])])) == ["v"])
    #expect(try names(Pickle.dictionary(["model": inner, "state_dict": Pickle.none])) == ["w"])
    #expect(try names(Pickle.dictionary(["a": w, "b": inner, "c": Pickle.list([w])])) == ["a", "b.w"])
    #expect(try names(Pickle.dictionary(["model_state_dict": Pickle.dictionary(["a": inner])])) == ["a.w"])
    let mixed = try read(
      ZipWriter(torch: Pickle.dictionary(["a": Pickle.dictionary(["w": w, "n": Pickle.int(1)]), "b": inner]), storage)
        .bytes)
    #expect(mixed.settings == .dictionary(["a": .dictionary(["n": .int(1)])]))
    #expect(
      refusal(ZipWriter(torch: Pickle.dictionary(["a.w": w, "a": inner]), storage).bytes).contains(
        "tensor \"a.w\": is there twice"))
    let long = Pickle.text(String(repeating: "x", count: 5000))
    #expect(refusal(ZipWriter(torch: Pickle.dictionary([(long, w)]), storage).bytes).contains("more than 4096 bytes"))
    #expect(refusal(ZipWriter(torch: w, storage).bytes).contains("expected a dictionary of tensors"))
    #expect(
      refusal(ZipWriter(torch: Pickle.instance("nets", "Net"), storage).bytes).contains("found an instance of nets.Net")
    )
  }

  @Test("zip: 64-bit records, and other names of the folder") func zip() throws {
    var archive = one(Pickle.tensor([6]))
    archive.isZip64 = true
    #expect(try read(archive.bytes).tensors["net.w"]?.read().doubles() == [0, 1, 2, 3, 4, 5])
    let other = ZipWriter(torch: Pickle.dictionary(["w": Pickle.tensor([1])]), ["0": floats(7)], top: "my file")
    #expect(try read(other.bytes).tensors["w"]?.read().doubles() == [7])
    var plain = one(Pickle.tensor([6]))
    plain.entries.remove(at: 1)
    #expect(try read(plain.bytes).tensors.count == 1)
  }

  @Test("zip: a directory that lies is refused", arguments: [false, true]) func lyingDirectory(isZip64: Bool) {
    func lie(_ change: (inout ZipWriter) -> Void) -> String {
      var archive = one(Pickle.tensor([6]))
      archive.isZip64 = isZip64
      change(&archive)
      return refusal(archive.bytes)
    }
    let whole = one(Pickle.tensor([6]))
    let cases: [(String, String)] = [
      (lie { $0.entries[2].localName = "archive/data/1" }, "is called \"archive/data/1\" by its local header"),
      (lie { $0.entries[2].localSize = 20 }, "expected 24 bytes"),
      (lie { $0.entries[2].size = 20 }, "expected 20 bytes"),
      (
        lie {
          $0.entries[2].size = 1 << 31
          $0.entries[2].localSize = 1 << 31
        }, "expected 2147483648 bytes"
      ),
      (lie { $0.entries[2].offset = 0 }, "is called \"archive/data.pkl\""),
      (lie { $0.entries[2].offset = 1 }, "is not where"),
      (lie { $0.entries[2].offset = 0xFFFF_FFF0 }, "is not where"),
      (lie { $0.entries[2].method = 8 }, "is compressed"), (lie { $0.entries[0].method = 8 }, "is compressed"),
      (lie { $0.entries[2].flags = 1 }, "is compressed"),
      (lie { $0.entries.append($0.entries[2]) }, "is there twice"), (lie { $0.count = 2 }, "holds more than 2"),
      (lie { $0.count = 4 }, "directory is broken"), (lie { $0.count = 60000 }, "cannot hold 60000 entries"),
      (lie { $0.directorySize = 10 }, "cannot hold"), (lie { $0.directorySize = 1 << 30 }, "would run past"),
      (lie { $0.directoryOffset = 1 << 30 }, "would run past"), (lie { $0.directoryOffset = 3 }, "directory is broken"),
      (lie { $0.entries[1].data = Array("big".utf8) }, "expected \"little\", found \"big\""),
      (lie { $0.entries[0].name = "data.pkl" }, "one member FOLDER/data.pkl"),
      (lie { $0.entries[1].name = "b/data.pkl" }, "found 2"),
    ]
    for (index, (error, expected)) in cases.enumerated() {
      #expect(error.contains("a.pth") && error.contains(expected), "\(index): \(error)")
    }
    #expect(refusal(ZipWriter([]).bytes).contains("found none"))
    // An entry inside of another one's data.
    var inner = ZipWriter([ZipWriter.Entry("x", whole.bytes)])
    inner.entries += [ZipWriter.Entry("archive/data.pkl", whole.entries[0].data)]
    inner.entries[1].offset = 31
    #expect(refusal(inner.bytes).contains("overlap"))
    if isZip64 {
      var far = whole
      far.isZip64 = true
      far.directoryOffset = .max
      #expect(refusal(far.bytes).contains("would run past"))
      far.directoryOffset = -1
      #expect(refusal(far.bytes).contains("too large"))
      far.directoryOffset = nil
      far.count = .max
      #expect(refusal(far.bytes).contains("cannot hold"))
      far.count = nil
      far.entries[2].size = .max
      #expect(refusal(far.bytes).contains("found 24"))
      far.entries[2].size = nil
      far.entries[2].offset = .max
      #expect(refusal(far.bytes).contains("is not where"))
    }
  }

  @Test("Legacy: storages in the order of the list, and parts of storages") func legacy() throws {
    let value = Pickle.dictionary([
      "w": Pickle.tensor(key: "9", [2]), "v": Pickle.tensor(type: "ShortStorage", key: "8", [3]),
      "part": Pickle.tensor(
        key: "9", count: 2, [1], part: Pickle.tuple([Pickle.text("7"), Pickle.int(1), Pickle.int(1)])),
    ])
    let file = LegacyTorch.file(value, [("8", 3, [1, 0, 2, 0, 3, 0]), ("9", 2, floats(4, 5))])
    let checkpoint = try read(file)
    #expect(try checkpoint.tensors["w"]?.read().doubles() == [4, 5])
    #expect(try checkpoint.tensors["v"]?.read().doubles() == [1, 2, 3])
    #expect(try checkpoint.tensors["part"]?.read().doubles() == [5])

    let w = Pickle.dictionary(["a": Pickle.dictionary(["w": Pickle.tensor([2])])])
    let data = floats(1, 2)
    func part(_ offset: Int, _ size: Int) -> [UInt8] {
      let part = Pickle.tuple([Pickle.text("7"), Pickle.int(offset), Pickle.int(size)])
      return LegacyTorch.file(Pickle.dictionary(["w": Pickle.tensor(count: 2, [2], part: part)]), [("0", 2, data)])
    }
    let cases: [([UInt8], String)] = [
      (LegacyTorch.file(w, [("0", 3, data)]), "storage \"0\" at byte"),
      (LegacyTorch.file(w, [("0", -1, data)]), "found -1"),
      (LegacyTorch.file(w, [("0", 1 << 62, data)]), "expected 2 elements"),
      (LegacyTorch.file(w, [("1", 2, data)]), "storage \"1\": belongs to no tensor"),
      (LegacyTorch.file(w, [("0", 2, data), ("0", 2, data)]), "is listed twice"),
      (LegacyTorch.file(w), "tensor \"a.w\": expected storage \"0\" in the file"),
      (LegacyTorch.file(w, [("0", 2, data)], version: 1000), "protocol 1001"),
      (LegacyTorch.file(w, [("0", 2, data)], isLittleEndian: false), "little-endian"),
      (part(1, 1), "at least 8 bytes"), (part(1, 2), "not within its 2 elements"),
      (part(.max, .max), "not within its 2"), (part(-1, 1), "not within its 2"),
      (LegacyTorch.magic, "expected 1 bytes"),
      (
        LegacyTorch.file(
          Pickle.list([Pickle.tensor([2]), Pickle.tensor(count: 4, [2])]), [("0", 2, data)]), "has two sizes"
      ),
    ]
    for (bytes, expected) in cases { #expect(refusal(bytes).contains(expected), "\(expected): \(refusal(bytes))") }
  }

  @Test("A file that was cut short names the tensor that is lost, and both sizes") func cutShort() throws {
    let value = Pickle.dictionary([
      "model": Pickle.dictionary(["enc.a": Pickle.tensor(key: "0", [2]), "enc.b": Pickle.tensor(key: "1", [25])])
    ])
    let data = [UInt8](repeating: 1, count: 100)
    let old = LegacyTorch.file(value, [("0", 2, floats(1, 2)), ("1", 25, data)])
    #expect(refusal(Array(old.dropLast(60))).contains("tensor \"enc.b\": expected 100 bytes of storage \"1\""))
    #expect(refusal(Array(old.dropLast(60))).hasSuffix("found 40"))
    #expect(refusal(Array(old.dropLast(102))).hasSuffix("found 0"))
    #expect(refusal(Array(old.dropLast(112))).contains("tensor \"enc.a\": expected 8 bytes"))

    let new = ZipWriter(torch: value, ["0": floats(1, 2), "1": data]).bytes
    let end = dataEnd(new, data)
    for lost in [1, 60, 99] {
      let error = refusal(Array(new.prefix(end - lost)))
      #expect(error.contains("tensor \"enc.b\": expected 100 bytes of storage \"1\""), "\(error)")
      #expect(error.hasSuffix("found \(100 - lost)"), "\(error)")
    }
    // Cut in the pickle there is no tensor to name.
    #expect(refusal(Array(new.prefix(80))).contains("80 bytes without an end record"))

    // The same of files that PyTorch wrote.
    for (name, kept, tensor) in [
      ("zoo_zip.pth", 4400, "f64\""), ("checkpoint_small.pth", 5_000_000, "model.diffusion_model."),
      ("zoo_legacy.pth", 4500, ""), ("eeg_5_95_std_small.pth", 1_000_000, "dataset."),
    ] {
      let whole = Array(try Data(contentsOf: URL(fileURLWithPath: Golden.file(name))))
      let error = refusal(Array(whole.prefix(kept)))
      #expect(error.contains("a.pth: tensor \"\(tensor)") && error.contains("found"), "\(name): \(error)")
    }
    #expect(message { _ = try read([]) }.contains("found an empty file"))
  }

  /// Where the data lie last in the bytes: their end.
  private func dataEnd(_ bytes: [UInt8], _ data: [UInt8]) -> Int {
    (data.count...bytes.count).last { Array(bytes[$0 - data.count..<$0]) == data } ?? 0
  }
}
