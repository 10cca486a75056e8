import Foundation
import OneiroConformance
import OneiroGraph
import OneiroModel
import OneiroRuntime
import OneiroTestSupport
import Testing

@Suite("Packed weights are kept from run to run") struct PackedWeightsTests {
  private static let x = Tensor.random([3, 256], seed: 4)

  private static func products(seed: Int = 1) -> Graph { TwoProducts.graph(seeds: (seed, seed + 1)) }

  private static func run(
    _ graph: Graph, _ packed: PackedWeights?, backend: String = "vector", maxMemory: Int? = nil
  ) throws -> [Double] {
    let planner = Planner(backend: try Backend(backend), threads: 2, maxMemory: maxMemory, packed: packed)
    let runner = GraphRunner(graph, planner: planner)
    // What is prepared for each run is prepared twice.
    _ = try runner.run(["x": .tensor(x)])
    return try #require(try runner.run(["x": .tensor(x)])["y"]?.tensor).doubles()
  }

  /// What a process of its own would do.
  private static func runAndSave(
    _ graph: Graph, in folder: String, backend: String = "vector", maxMemory: Int? = nil
  ) throws -> (y: [Double], byteCounts: (found: Int, kept: Int)) {
    let packed = PackedWeights(folder: folder)
    let y = try run(graph, packed, backend: backend, maxMemory: maxMemory)
    #expect(packed.save() == nil)
    return (y, packed.byteCounts)
  }

  @Test(
    "Every kernel finds what it has packed, and computes the same bits with it", arguments: ["vector", "onednn"])
  func everyKernel(name: String) throws {
    let backend = try Backend(name, isStrict: true), folder = try TemporaryFolder()
    var operators: Set<String> = []
    for (index, item) in Conformance.allWithLarge.enumerated() where !item.graph.initializers.isEmpty {
      guard try item.isTaken(by: backend) else { continue }
      let filed = try FiledGraph(item.graph, in: folder, name: "weights\(index)")
      func run(_ packed: PackedWeights?) throws -> [String: Tensor] {
        let planner = Planner(backend: item.backend(backend), threads: 2, packed: packed)
        let types = item.inputs.mapValues { TensorType($0.elementType, dims: $0.dims) }
        var session = try Session(try planner.plan(filed.graph, inputs: types))
        return try session.run(item.inputs)
      }
      let first = PackedWeights(folder: folder.file("cache"), smallestByteCount: 1)
      let packing = try run(first)
      #expect(first.save() == nil)
      guard first.byteCounts.kept > 0 else { continue }
      operators.insert(item.op.opType)
      let second = PackedWeights(folder: folder.file("cache"), smallestByteCount: 1)
      let finding = try run(second), plain = try run(nil)
      #expect(second.byteCounts == (first.byteCounts.kept, 0), "\(item)")
      for (output, tensor) in plain {
        let bytes = Array(tensor.bytes)
        #expect(Array(packing[output]!.bytes) == bytes && Array(finding[output]!.bytes) == bytes, "\(item)")
      }
    }
    let expected: Set =
      name == "vector"
      ? [
        "Conv", "ConvTranspose", "FusedConv", "FusedGemm", "GRU", "Gemm", "LSTM", "MatMul", "QuantizedConv",
        "QuantizedGEGLU", "QuantizedGemm",
      ]
      : ["Conv", "ConvTranspose", "Gemm", "MatMul"]
    #expect(operators.isSuperset(of: expected), "\(operators.sorted())")
  }

  @Test("Under a bound on memory as well, and one finds what the other packed", arguments: ["vector", "onednn"])
  func bounded(backend: String) throws {
    let folder = try TemporaryFolder(), cache = folder.file("cache")
    let filed = try FiledGraph(Self.products(), in: folder)
    let expected = try Self.run(filed.graph, nil, backend: backend)
    // So little that nothing stays packed in memory, and more than is needed.
    for limit in [1 << 50, nil, 1 << 50] {
      let (y, counts) = try Self.runAndSave(filed.graph, in: cache, backend: backend, maxMemory: limit)
      #expect(y == expected)
      #expect(counts.found > 0 || counts.kept > 0)
    }
    let again = try Self.runAndSave(filed.graph, in: cache, backend: backend, maxMemory: 1 << 50)
    #expect(again.y == expected && again.byteCounts.found > 0 && again.byteCounts.kept == 0)
  }

  @Test("Weights of another file in the same place are packed anew, and the old ones removed") func changed() throws {
    let folder = try TemporaryFolder(), cache = folder.file("cache")
    let old = try FiledGraph(Self.products(), in: folder)
    let first = try Self.runAndSave(old.graph, in: cache)
    let names = try FileManager.default.contentsOfDirectory(atPath: cache)
    #expect(names.count == 1 && first.byteCounts.kept > 0)
    let new = try FiledGraph(Self.products(seed: 7), in: folder)
    let second = try Self.runAndSave(new.graph, in: cache)
    #expect(second.byteCounts == (0, first.byteCounts.kept))
    #expect(try second.y == Self.run(new.graph, nil) && second.y != first.y)
    let left = try FileManager.default.contentsOfDirectory(atPath: cache)
    #expect(left.count == 1 && left != names)
    // Written to in its place: the same name, device, inode and size.
    let handle = try #require(FileHandle(forUpdatingAtPath: new.path))
    try handle.write(contentsOf: withUnsafeBytes(of: Float(9), Array.init))
    try handle.close()
    let changed = try new.reopened()
    #expect(try Self.runAndSave(changed.graph, in: cache).byteCounts.found == 0)
  }

  @Test("Weights that changed while they were packed are not kept") func changedMeanwhile() throws {
    let folder = try TemporaryFolder(), cache = folder.file("cache")
    let filed = try FiledGraph(Self.products(), in: folder)
    let packed = PackedWeights(folder: cache)
    _ = try Self.run(filed.graph, packed)
    _ = try FiledGraph(Self.products(seed: 7), in: folder)
    packed.save()
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache) == [])
  }

  @Test("Constants without a file, and large ones beside one, are not kept") func withoutFile() throws {
    let folder = try TemporaryFolder(), cache = folder.file("cache")
    let inside = try Self.runAndSave(Self.products(), in: cache)
    #expect(inside.byteCounts == (0, 0) && !FileManager.default.fileExists(atPath: cache))
  }

  /// What a file of packed weights may have become.
  enum Damage: CaseIterable {
    case empty, cut, cutInTrailer, other, index, trailer, offset, header, firstByte, lastByte
  }

  @Test(
    "A file that is damaged is told of and made anew, with and without a bound", arguments: Damage.allCases,
    [nil, 1 << 50])
  func damaged(damage: Damage, maxMemory: Int?) throws {
    let folder = try TemporaryFolder(), cache = folder.file("cache")
    let filed = try FiledGraph(Self.products(), in: folder)
    let first = try Self.runAndSave(filed.graph, in: cache, maxMemory: maxMemory)
    let name = "cache/\(try #require(try FileManager.default.contentsOfDirectory(atPath: cache).first))"
    let whole = try folder.read(name)
    var bytes = whole
    // Of the last part, before the index in text.
    let last = try #require(String(decoding: whole.suffix(8192), as: Unicode.ASCII.self).lastPart)
    switch damage {
    case .empty: bytes = []
    case .cut: bytes.removeLast(bytes.count / 2)
    case .cutInTrailer: bytes.removeLast(8)
    case .other: bytes = Array("oneiro packed 0\n".utf8) + bytes.dropFirst(100)
    case .index: bytes[bytes.count - 70] ^= 1
    case .trailer: bytes[bytes.count - 1] ^= 1
    case .offset: bytes[bytes.count - 41] = 0x7f
    case .header: bytes[bytes.count - 64] ^= 1
    case .firstByte: bytes[0] ^= 0x80
    case .lastByte: bytes[last.upperBound - 1] ^= 0x80
    }
    try FileManager.default.removeItem(atPath: folder.file(name))
    try folder.write(bytes, to: name)
    let packed = PackedWeights(folder: cache), isInPart = damage == .firstByte || damage == .lastByte
    let checksum = "expected the checksum that they were written with"
    if isInPart, maxMemory != nil {
      // There is no room to pack anew in the middle of a run.
      let error = #expect(throws: RunError.self) {
        try Self.run(filed.graph, packed, maxMemory: maxMemory)
      }
      let text = "\(try #require(error))"
      #expect(text.contains(folder.file(name)) && text.contains(checksum) && text.contains("next run"), "\(text)")
      #expect(packed.faults.isEmpty && packed.save() == nil)
      #expect(try FileManager.default.contentsOfDirectory(atPath: cache) == [])
    } else {
      #expect(try Self.run(filed.graph, packed, maxMemory: maxMemory) == first.y)
      let faults = packed.faults.map { "\($0)" }
      #expect(faults.count == 1 && faults[0].contains(folder.file(name)), "\(faults)")
      #expect(packed.save() == nil)
      if isInPart {
        // What is whole is of use in this run, and packed by the next.
        #expect(packed.byteCounts.found > 0 && packed.byteCounts.kept > 0 && faults[0].contains(checksum), "\(faults)")
      } else {
        #expect(packed.byteCounts == (0, first.byteCounts.kept))
        #expect(try folder.read(name) == whole)
      }
    }
    for _ in 0..<2 {
      let again = PackedWeights(folder: cache)
      #expect(try Self.run(filed.graph, again, maxMemory: maxMemory) == first.y)
      #expect(again.faults.isEmpty && again.save() == nil)
      #expect(again.byteCounts.found + again.byteCounts.kept == first.byteCounts.kept)
    }
    let all = PackedWeights(folder: cache)
    #expect(try Self.run(filed.graph, all, maxMemory: maxMemory) == first.y)
    #expect(all.byteCounts == (first.byteCounts.kept, 0))
  }

  @Test("A file of another version is passed over, without a word") func version() throws {
    let folder = try TemporaryFolder(), cache = folder.file("cache")
    let filed = try FiledGraph(Self.products(), in: folder)
    let first = try Self.runAndSave(filed.graph, in: cache)
    let name = "cache/\(try #require(try FileManager.default.contentsOfDirectory(atPath: cache).first))"
    var bytes = try folder.read(name)
    bytes[bytes.count - 64 + "oneiro packed ".utf8.count] = UInt8(ascii: "1")
    try FileManager.default.removeItem(atPath: folder.file(name))
    try folder.write(bytes, to: name)
    let packed = PackedWeights(folder: cache)
    #expect(try Self.run(filed.graph, packed) == first.y)
    #expect(packed.faults.isEmpty && packed.byteCounts == (0, first.byteCounts.kept))
  }

  @Test("A folder in the file's place, and a pipe, are left alone") func inTheWay() throws {
    let folder = try TemporaryFolder(), cache = folder.file("cache")
    let filed = try FiledGraph(Self.products(), in: folder)
    let first = try Self.runAndSave(filed.graph, in: cache)
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: cache).first)
    try FileManager.default.removeItem(atPath: "\(cache)/\(name)")
    try FileManager.default.createDirectory(atPath: "\(cache)/\(name)", withIntermediateDirectories: false)
    #expect(mkfifo("\(cache)/\(name.dropLast(5))x.bin", 0o600) == 0)
    let packed = PackedWeights(folder: cache)
    #expect(try Self.run(filed.graph, packed) == first.y)
    #expect("\(try #require(packed.save()))".contains("cannot be written"))
  }

  @Test("Deleted while it is read, and before it is written", arguments: [nil, 1 << 50])
  func deleted(maxMemory: Int?) throws {
    let folder = try TemporaryFolder(), cache = folder.file("cache")
    let filed = try FiledGraph(Self.products(), in: folder)
    let first = try Self.runAndSave(filed.graph, in: cache)
    let packed = PackedWeights(folder: cache)
    let planner = Planner(backend: try Backend("vector"), threads: 2, maxMemory: maxMemory, packed: packed)
    let runner = GraphRunner(filed.graph, planner: planner)
    for _ in 0..<2 {
      #expect(try runner.run(["x": .tensor(Self.x)])["y"]?.tensor?.doubles() == first.y)
      try? FileManager.default.removeItem(atPath: cache)
    }
    #expect(packed.byteCounts.found > 0 && packed.byteCounts.kept == 0)
    #expect(packed.save() == nil)
    // What is new has nowhere to go once the folder is gone, and that is no error of the run.
    let other = PackedWeights(folder: cache)
    #expect(try Self.run(filed.graph, other) == first.y)
    try FileManager.default.removeItem(atPath: cache)
    #expect(other.save() != nil)
    #expect(try Self.runAndSave(filed.graph, in: cache).byteCounts.kept > 0)
  }

  @Test("A folder that cannot be written is told of, and the run goes on", arguments: [nil, 1 << 50])
  func unwritable(maxMemory: Int?) throws {
    let folder = try TemporaryFolder()
    try folder.write("a file", to: "cache")
    let filed = try FiledGraph(Self.products(), in: folder)
    let packed = PackedWeights(folder: folder.file("cache"))
    #expect(try Self.run(filed.graph, packed, maxMemory: maxMemory) == Self.run(filed.graph, nil))
    #expect(packed.save() != nil && packed.byteCounts == (0, 0))
  }

  @Test("Two at once write the same file, and neither leaves anything else") func concurrent() async throws {
    let folder = try TemporaryFolder(), cache = folder.file("cache")
    let graph = try FiledGraph(Self.products(), in: folder).graph
    let expected = try Self.run(graph, nil)
    try await withThrowingTaskGroup(of: [Double].self) { group in
      for _ in 0..<4 { group.addTask { try Self.runAndSave(graph, in: cache).y } }
      for try await y in group { #expect(y == expected) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache).count == 1)
    let after = try Self.runAndSave(graph, in: cache)
    #expect(after.y == expected && after.byteCounts.found > 0 && after.byteCounts.kept == 0)
  }

  @Test("Files for other shapes stay, up to four of them") func shapes() throws {
    let folder = try TemporaryFolder(), cache = folder.file("cache")
    let filed = try FiledGraph(Self.products(), in: folder)
    func plan(rows: Int) throws -> (found: Int, kept: Int) {
      var graph = filed.graph
      graph.inputs = [ValueInfo("x", .tensor(.float32, dims: [rows, 256]))]
      let packed = PackedWeights(folder: cache)
      let planner = Planner(backend: try Backend("vector"), threads: 2, packed: packed)
      _ = try planner.plan(graph, inputs: ["x": TensorType(.float32, dims: [rows, 256])])
      packed.save()
      return packed.byteCounts
    }
    for rows in 1...4 {
      #expect(try plan(rows: rows).kept > 0)
      guard rows == 1, let name = try FileManager.default.contentsOfDirectory(atPath: cache).first else { continue }
      // Clocks of files are coarse.
      let anHourAgo = [FileAttributeKey.modificationDate: Date(timeIntervalSinceNow: -3600)]
      try FileManager.default.setAttributes(anHourAgo, ofItemAtPath: "\(cache)/\(name)")
    }
    for rows in 2...4 { #expect(try plan(rows: rows).kept == 0) }
    #expect(try plan(rows: 5).kept > 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache).count == 4)
    for rows in 2...5 { #expect(try plan(rows: rows).kept == 0, "\(rows)") }
    // That which was used longest ago has gone.
    #expect(try plan(rows: 1).kept > 0)
  }
}

extension String {
  /// Where the last part is that the index of a file of packed weights names.
  fileprivate var lastPart: Range<Int>? {
    matches(of: /part [0-9a-f]+ ([0-9]+) ([0-9]+) [0-9a-f]+/).last.flatMap { match in
      Int(match.1).flatMap { offset in Int(match.2).map { offset..<offset + $0 } }
    }
  }
}
