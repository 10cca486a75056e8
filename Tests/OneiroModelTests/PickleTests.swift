import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

/// Pickles that golden files lack: other protocols, other writers, and those that mean harm.
@Suite("Pickles") struct PickleTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// What the pickle of a value builds, in the container that needs no more.
  private func read(raw pickle: [UInt8]) throws -> TorchValue {
    var archive = ZipWriter(torch: [])
    archive.entries[0].data = pickle
    try folder.write(archive.bytes, to: "a.pth")
    return try TorchFile(contentsOf: folder.file("a.pth")).root
  }
  private func read(_ value: [UInt8]) throws -> TorchValue { try read(raw: Pickle.file(value)) }
  private func settings(_ value: [UInt8]) throws -> CheckpointValue { try read(value).settings }
  private func refusal(_ value: [UInt8]) -> String { message { _ = try read(value) } }

  @Test("Numbers of every width") func numbers() throws {
    let cases: [([UInt8], CheckpointValue)] = [
      ([0x4A, 0xFB, 0xFF, 0xFF, 0xFF], .int(-5)), ([0x4B, 200], .int(200)), ([0x4D, 0xE6, 7], .int(2022)),
      ([0x8A, 0], .int(0)), ([0x8A, 1, 0xFF], .int(-1)), ([0x8B, 2, 0, 0, 0, 0, 0x80], .int(-32768)),
      ([0x8A, 9] + [UInt8](repeating: 0xFF, count: 8) + [0], .string("18446744073709551615")),
      ([0x8A, 9] + [UInt8](repeating: 0, count: 8) + [0xFF], .string("-18446744073709551616")),
      ([0x8A, 9, 5, 0, 0, 0, 0, 0, 0, 0, 0], .int(5)),
      ([0x8A, 10] + [UInt8](repeating: 0xFF, count: 10), .int(-1)),
      ([0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0], .double(1.5)),
      ([0x47, 0x3F, 0xB9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A], .double(0.1)), ([0x88], .bool(true)), ([0x4E], .none),
    ]
    for (bytes, expected) in cases { #expect(try settings(bytes) == expected, "\(bytes)") }
    #expect(refusal([0x8B, 0, 2, 0, 0] + [UInt8](repeating: 1, count: 512)).contains("an integer of 512 bytes"))
  }

  @Test("Text and bytes, as Python 2 and protocols 4 and 5 write them") func texts() throws {
    let cases: [([UInt8], CheckpointValue)] = [
      ([0x55, 2] + Array("ab".utf8), .string("ab")), ([0x55, 2, 0xFF, 0xFE], .bytes([0xFF, 0xFE])),
      ([0x54, 1, 0, 0, 0, 0x61], .string("a")), ([0x8C, 3] + Array("né".utf8), .string("né")),
      ([0x8D, 1, 0, 0, 0, 0, 0, 0, 0, 0x61], .string("a")), ([0x43, 1, 7], .bytes([7])),
      ([0x8E, 1, 0, 0, 0, 0, 0, 0, 0, 7], .bytes([7])), ([0x96, 1, 0, 0, 0, 0, 0, 0, 0, 7], .bytes([7])),
      (Pickle.call("builtins", "bytes", []), .bytes([])),
      (Pickle.call("_codecs", "encode", [Pickle.text("é"), Pickle.text("latin1")]), .bytes([0xE9])),
      (Pickle.call("_codecs", "encode", [Pickle.text("é"), Pickle.text("utf-8")]), .bytes([0xC3, 0xA9])),
      (Pickle.call("builtins", "bytearray", [Pickle.bytes([1])]), .bytes([1])),
      (Pickle.call("pathlib", "PosixPath", [Pickle.text("/"), Pickle.text("a"), Pickle.text("b")]), .string("/a/b")),
      (Pickle.call("torch", "device", [Pickle.text("cuda"), Pickle.int(1)]), .string("cuda:1")),
    ]
    for (bytes, expected) in cases { #expect(try settings(bytes) == expected, "\(bytes)") }
    #expect(
      refusal(Pickle.call("_codecs", "encode", [Pickle.text("a"), Pickle.text("rot13")])).contains("\"rot13\""))
    #expect(refusal(Pickle.call("_codecs", "encode", [Pickle.text("✓"), Pickle.text("latin1")])).contains("latin1"))
  }

  @Test("Containers: by marks, by calls, and as protocol 4 writes them") func containers() throws {
    let one = Pickle.int(1), two = Pickle.int(2)
    let both = CheckpointValue.list([.int(1), .int(2)])
    let pair: CheckpointValue = .dictionary(["a": .int(1)])
    let cases: [([UInt8], CheckpointValue)] = [
      ([0x28] + one + two + [0x6C], both), ([0x28] + Pickle.text("a") + one + [0x64], pair),
      ([0x8F, 0x28] + one + two + [0x90], both), ([0x28] + one + two + [0x91], both),
      ([0x5D] + one + [0x61] + two + [0x61], both),
      (Pickle.call("__builtin__", "set", [Pickle.list([one, two])]), both),
      (Pickle.call("builtins", "frozenset", [Pickle.list([one, two])]), both),
      (Pickle.call("collections", "OrderedDict", [Pickle.list([Pickle.list([Pickle.text("a"), one])])]), pair),
      (
        Pickle.call("collections", "defaultdict", [Pickle.global("builtins", "int")]) + Pickle.text("a") + one + [0x73],
        pair
      ),
      // A later value for a key replaces the one before.
      (Pickle.dictionary(["a": two, "a": one]), pair),
      // FRAME, MEMOIZE, memo, POP, DUP, POP_MARK.
      ([0x95, 1, 0, 0, 0, 0, 0, 0, 0] + [0x28] + one + [0x94] + [0x68, 0, 0x30] + two + [0x74], both),
      (
        [0x28, 0x32].dropLast() + one + [0x71, 7, 0x30, 0x68, 7, 0x32, 0x30] + two + [0x28] + one + [0x31, 0x74], both
      ),
      ([0x28] + one + [0x72, 0, 0, 1, 0, 0x30, 0x6A, 0, 0, 1, 0] + two + [0x74], both),
      // STACK_GLOBAL, and a class that is no more than a name.
      (Pickle.text("torch") + Pickle.text("float16") + [0x93], .string("torch.float16")),
      (Pickle.dictionary([(Pickle.global("os", "system"), one)]), .dictionary(["os.system": .int(1)])),
      (
        Pickle.dictionary([(Pickle.tuple([1, 2]), one), (Pickle.int(3), two)]),
        .dictionary(["2 values": .int(1), "3": .int(2)])
      ),
    ]
    for (bytes, expected) in cases { #expect(try settings(bytes) == expected, "\(bytes)") }
  }

  @Test("Instances of classes that are not known become records") func records() throws {
    let state = Pickle.dictionary(["lr": Pickle.int(3)])
    let expected: CheckpointValue = .dictionary(["lr": .int(3)])
    let cases = [
      Pickle.instance("config", "Config", state: state), Pickle.instance("__main__", "Config", state: state),
      Pickle.instance("argparse", "Namespace", state: state),
      Pickle.call(
        "copy_reg", "_reconstructor",
        [
          Pickle.global("config", "Config"), Pickle.global("__builtin__", "object"), Pickle.none,
        ]) + state + [0x62],
      Pickle.call("types", "SimpleNamespace", []) + state + [0x62],
      // Attributes and slots, entries of a kind of dictionary, NEWOBJ_EX.
      Pickle.instance("config", "Config", state: Pickle.tuple([Pickle.none, state])),
      Pickle.instance("config", "Config") + Pickle.text("lr") + Pickle.int(3) + [0x73],
      Pickle.global("config", "Config") + Pickle.tuple([] as [Int]) + [0x7D, 0x92] + state + [0x62],
    ]
    for bytes in cases { #expect(try settings(bytes) == expected, "\(bytes)") }
    #expect(try settings(Pickle.instance("a.b", "Point", [Pickle.int(1)])) == .list([.int(1)]))
    #expect(
      try settings(Pickle.instance("a", "B", state: Pickle.tuple([1, 2])))
        == .dictionary(["__state__": .list([.int(1), .int(2)])]))
  }

  @Test(
    "Calls of anything else are refused by name",
    arguments: [
      ("os", "system"), ("posix", "system"), ("nt", "system"), ("subprocess", "Popen"), ("builtins", "eval"),
      ("__builtin__", "eval"), ("builtins", "exec"), ("builtins", "getattr"), ("__builtin__", "apply"),
      ("builtins", "__import__"), ("runpy", "_run_code"), ("torch.hub", "load"), ("torch.serialization", "load"),
      ("torch.storage", "_load_from_bytes"), ("config", "Config"), ("operator", "attrgetter"), ("webbrowser", "open"),
      ("numpy.testing._private.utils", "runstring"), ("torch._utils", "_rebuild_sparse_tensor"),
    ])
  func calls(_ module: String, _ name: String) throws {
    let shown = "\(module.replacing("__builtin__", with: "builtins")).\(name)"
    let command = [Pickle.text("touch \(folder.file("hacked"))")]
    for call in [
      Pickle.call(module, name, command), Pickle.list([Pickle.call(module, name, command)]),
      Pickle.text(module) + Pickle.text(name) + [0x93] + Pickle.tuple(command) + [0x52],
      Pickle.instance("config", "C", state: Pickle.dictionary(["a": Pickle.call(module, name, command)])),
    ] {
      let error = refusal(call)
      #expect(error.contains("a.pth") && error.contains("calls \(shown), which is not among"), "\(error)")
    }
    #expect(try folder.files == ["a.pth"])
  }

  @Test(
    "Instances of classes of Python's own library are refused",
    arguments: [
      ("subprocess", "Popen"), ("os", "_wrap_close"), ("posix", "stat_result"), ("builtins", "code"), ("io", "FileIO"),
      ("_io", "FileIO"), ("", "x"), ("ctypes", "CDLL"), ("functools", "partial"), ("multiprocessing.util", "Finalize"),
      ("commands", "x"), (".os", "x"),
    ])
  func instances(_ module: String, _ name: String) {
    #expect(
      refusal(Pickle.instance(module, name, [Pickle.text("x")])).contains(
        "makes an instance of \(module).\(name), which is not among"))
    let old = Pickle.call(
      "copyreg", "_reconstructor",
      [
        Pickle.global(module, name), Pickle.global("builtins", "object"), Pickle.none,
      ])
    #expect(refusal(old).contains("makes an instance of \(module).\(name)"))
  }

  @Test("Instructions that build no data, and wrong use of those that do") func instructions() {
    let cases: [([UInt8], String)] = [
      ([0x82, 1], "instruction 0x82"), ([0x69] + Array("os\nsystem\n".utf8), "instruction 0x69"),
      ([0x50, 0x31, 0x0A], "instruction 0x50"), ([0x6F], "instruction 0x6f"), ([0x97], "instruction 0x97"),
      ([0x80, 9], "protocol 9"), ([0x30], "empty stack"), ([], "empty stack"), ([0x65], "mark that is not there"),
      ([0x28, 0x85], "empty stack"), ([0x4E, 0x28, 0x30, 0x30], "empty stack"), ([0x68, 3], "memo 3 is read"),
      ([0x71, 3], "empty stack"), ([0x4E, 0x4E], "values that nobody took"), ([0x4E, 0x28], "empty stack"),
      ([0x4E, 0x4E, 0x61], "appends to None"), ([0x7D, 0x4E, 0x61], "appends to a dictionary"),
      ([0x5D, 0x4E, 0x4E, 0x73], "sets entries of a list"), ([0x7D, 0x28, 0x4E, 0x75], "sets entries"),
      ([0x7D, 0x5D, 0x4E, 0x73], "key of an entry is a list"), ([0x4E, 0x29, 0x52], "calls None"),
      (Pickle.global("collections", "OrderedDict") + [0x4E, 0x52], "expected a tuple, found None"),
      (Pickle.global("a", "B") + [0x4E, 0x81], "expected a tuple"), ([0x4E, 0x29, 0x81], "is no class"),
      (Pickle.global("a", "B") + [0x29] + Pickle.dictionary(["a": Pickle.none]) + [0x92], "arguments by name"),
      ([0x5D, 0x4E, 0x62], "sets attributes of a list"), ([0x4E, 0x4E, 0x62], "sets attributes of None"),
      ([0x4E, 0x51], "persistent id"), ([0x4E, 0x4E, 0x93], "no text"), ([0x63] + Array("os".utf8), "has no end"),
      (Pickle.tuple([Pickle.text("module"), Pickle.none]) + [0x51], "no storage of torch"),
      (Pickle.storage("QInt8Storage", key: "0", count: 1), "torch.QInt8Storage"),
      (Pickle.storage("FloatStorage", key: "0", count: 1), "storage without a tensor"),
      (Pickle.call("builtins", "set", [Pickle.int(1)]), "(an integer)"),
      (Pickle.call("torch._utils", "_rebuild_parameter", [Pickle.none]), "(None)"),
      (Pickle.call("numpy.core.multiarray", "_reconstruct", []), "without contents"),
      (Pickle.call("collections", "OrderedDict", [Pickle.list([Pickle.none])]), "(a list)"),
    ]
    for (bytes, expected) in cases {
      let error = refusal(bytes)
      #expect(error.contains("a.pth") && error.contains(expected), "\(bytes): \(error)")
    }
  }

  @Test("Lengths past the end") func lengths() {
    let cases: [[UInt8]] = [
      [0x58, 0xFF, 0xFF, 0xFF, 0x7F], [0x8D] + [UInt8](repeating: 0xFF, count: 8), [0x8D] + Pickle.number(1 << 62, 8),
      [0x42, 9, 0, 0, 0], [0x8B, 0xFF, 0xFF, 0xFF, 0xFF], [0x95] + [UInt8](repeating: 0x7F, count: 8), [0x55, 250],
      [0x8E] + Pickle.number(100, 8), [0x96, 0, 0, 0, 0, 0, 0, 0, 0x80],
    ]
    for bytes in cases { #expect(refusal(bytes).contains("at most"), "\(bytes): \(refusal(bytes))") }
    #expect(message { _ = try read(raw: [0x80, 2, 0x47, 0]) }.contains("expected 8 bytes"))
    #expect(message { _ = try read(raw: [0x80, 2, 0x4E]) }.contains("expected 1 bytes"))
    #expect(message { _ = try read(raw: []) }.contains("expected 1 bytes"))
  }

  @Test("Values that hold themselves, or each other again and again") func shapes() throws {
    // a = []; a.append(a)
    #expect(refusal([0x5D, 0x71, 0, 0x68, 0, 0x61]).contains("holds itself"))
    let deep = [UInt8](repeating: 0x5D, count: 200_000) + [UInt8](repeating: 0x61, count: 199_999)
    #expect(refusal(deep).contains("nested more than 100 deep"))
    let tuples = [0x29] + [UInt8](repeating: 0x85, count: 200_000)
    #expect(refusal(tuples).contains("nested more than 100 deep"))
    // Chains of 60, each with the one before at its bottom.
    let chains = (0..<40).map { number -> [UInt8] in
      let bottom = [0x5D] + (number == 0 ? [] : [0x68, UInt8(number - 1), 0x61])
      return bottom + [UInt8](repeating: 0x85, count: 60) + [0x71, UInt8(number)]
    }
    #expect(refusal(Pickle.list(chains)).contains("nested more than 100 deep"))
    // Each list holds the one before twice: 2^60 values when written out.
    let twice: [UInt8] = [0x71, 0, 0x30, 0x28, 0x68, 0, 0x68, 0, 0x6C]
    let doubled: [UInt8] = [0x5D] + (0..<60).flatMap { _ in twice }
    #expect(refusal(doubled).contains("when they are written out"))
    // One list of many elements, made a set of many times over.
    let many = Pickle.list((0..<100_000).map { _ in Pickle.none }) + [0x71, 0, 0x30]
    let copy: [UInt8] = Pickle.global("builtins", "set") + [0x68, 0, 0x85, 0x52, 0x30]
    #expect(refusal(many + (0..<1000).flatMap { _ in copy } + Pickle.none).contains("copies more than"))
    // A long key, looked up many times over, or in a dictionary that many lists share.
    let key = Pickle.text(String(repeating: "k", count: 100_000)) + [0x71, 0, 0x30]
    let entry: [UInt8] = [0x68, 0, 0x4E, 0x73]
    #expect(refusal(key + [0x7D] + (0..<1000).flatMap { _ in entry }).contains("copies more than"))
    let entries: [UInt8] = key + [0x7D, 0x68, 0, 0x4E, 0x73, 0x71, 1, 0x30]
    let copies = entries + Pickle.list((0..<4000).map { _ in [0x68, 1] })
    #expect(refusal(copies).contains("when they are written out"))
    // Shared by two is as good as any.
    let shared = Pickle.list([Pickle.list([Pickle.int(1)]) + [0x71, 0], [0x68, 0]])
    #expect(try settings(shared) == .list([.list([.int(1)]), .list([.int(1)])]))
  }

  private func dtype(_ code: String, _ byteOrder: String = "<") -> [UInt8] {
    let state = [Pickle.int(3), Pickle.text(byteOrder), Pickle.none, Pickle.none, Pickle.none]
    return Pickle.call("numpy", "dtype", [Pickle.text(code), Pickle.bool(false), Pickle.bool(true)])
      + Pickle.tuple(state + [Pickle.int(-1), Pickle.int(-1), Pickle.int(0)]) + [0x62]
  }
  private func array(_ dtype: [UInt8], _ dims: [Int], isColumnMajor: Bool = false, _ data: [UInt8]) -> [UInt8] {
    Pickle.call("numpy.core.multiarray", "_reconstruct", [Pickle.global("numpy", "ndarray"), Pickle.tuple([0])])
      + Pickle.tuple([Pickle.int(1), Pickle.tuple(dims), dtype, Pickle.bool(isColumnMajor), data]) + [0x62]
  }
  private func scalar(_ dtype: [UInt8], _ data: [UInt8]) -> [UInt8] {
    Pickle.call("numpy._core.multiarray", "scalar", [dtype, data])
  }

  @Test("NumPy's scalars and arrays") func numpy() throws {
    #expect(try settings(scalar(dtype("i4"), Pickle.bytes([2, 0, 0, 0]))) == .int(2))
    #expect(try settings(scalar(dtype("i4", ">"), Pickle.bytes([0, 0, 0, 2]))) == .int(2))
    #expect(try settings(scalar(dtype("b1", "|"), Pickle.bytes([1]))) == .bool(true))
    #expect(
      try settings(scalar(dtype("u8"), Pickle.bytes([UInt8](repeating: 255, count: 8)))) == .string("\(UInt64.max)"))
    // Python 2: the data are text.
    #expect(try settings(scalar(dtype("f4"), [0x55, 4, 0, 0, 0x60, 0x40])) == .double(3.5))
    let columns = try read(array(dtype("i2"), [2, 2], isColumnMajor: true, Pickle.bytes([1, 0, 2, 0, 3, 0, 4, 0])))
    #expect(try columns.tensor?.read().int64s() == [1, 3, 2, 4])
    let cases: [([UInt8], String)] = [
      (array(dtype("i2"), [3], Pickle.bytes([1])), "expected 6 bytes"),
      (array(dtype("i2"), [1 << 62, 4], Pickle.bytes([1])), "can be counted"),
      (array(dtype("O8", "|"), [1], Pickle.list([Pickle.none])), "the data of a NumPy value are a list"),
      (array(dtype("O8", "|"), [1], Pickle.bytes([1])), "\"|O8\""),
      (array(dtype("i2', 'x"), [1], Pickle.bytes([1, 2])), "the dtype of a NumPy value is"),
      (array(Pickle.none, [1], Pickle.bytes([1, 2])), "the dtype of a NumPy value is None"),
      (array(dtype("i2"), [-1], Pickle.bytes([1, 2])), "from 0 up"),
      (scalar(dtype("f8"), Pickle.bytes([1])), "8 bytes"),
      (array(dtype("f8"), [Int](repeating: 1, count: 65), Pickle.bytes([1])), "at most 64 axes"),
    ]
    for (bytes, expected) in cases { #expect(refusal(bytes).contains(expected), "\(refusal(bytes))") }
  }
}
