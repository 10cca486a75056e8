import Foundation
import OneiroEEG
import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

@Suite("Arrays, datasets and folders of windows") struct ArrayTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private static let golden =
    #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Golden/"

  @Test func oneArray() throws {
    let values = (0..<12).map { Float($0) * 0.5 }
    try NpyFile.write(Tensor(values, dims: [2, 6]), to: folder.file("a.npy"))
    let recording = try EEGRecording.open(folder.file("a.npy"), samplingRate: 3)
    #expect(recording.channels.map(\.label) == ["0", "1"] && recording.channels[0].samplingRate == 3)
    #expect(recording.duration == 2 && recording.warnings.isEmpty)
    #expect(try recording.samples(1, in: 1..<4) == [3.5, 4, 4.5])
    let silent = try EEGRecording.open(folder.file("a.npy"))
    #expect(silent.warnings == ["no sampling rate: 1000 Hz is taken for it"])
  }

  /// As NumPy writes a transposed array, and another machine's: a header, then the elements in their order.
  @Test(arguments: ["<f4", ">f4", ">i2", "<f2"], [false, true]) func otherOrders(type: String, isFortran: Bool) throws {
    let (trials, channels, samples) = (2, 3, 5)
    var bytes: [UInt8] = []
    func add(_ value: Int) {
      var word: [UInt8] =
        switch type.dropFirst() {
        case "f4": withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { Array($0) }
        case "f2": withUnsafeBytes(of: UInt16([0, 0x3C00, 0x4000, 0x4200][value % 4]).littleEndian) { Array($0) }
        default: withUnsafeBytes(of: Int16(value).littleEndian) { Array($0) }
        }
      if type.hasPrefix(">") { word.reverse() }
      bytes += word
    }
    func value(_ n: Int, _ c: Int, _ t: Int) -> Int { type == "<f2" ? (n + c + t) % 4 : 100 * n + 10 * c + t }
    if isFortran {
      for t in 0..<samples { for c in 0..<channels { for n in 0..<trials { add(value(n, c, t)) } } }
    } else {
      for n in 0..<trials { for c in 0..<channels { for t in 0..<samples { add(value(n, c, t)) } } }
    }
    var header = "{'descr': '\(type)', 'fortran_order': \(isFortran ? "True" : "False"), 'shape': (2, 3, 5), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0]
    let path = try folder.write(start + Array(header.utf8) + bytes, to: "o.npy")
    let recording = try EEGRecording.open(path, samplingRate: 10)
    #expect(try recording.timeline().segments.count == 2 && recording.isSetOfTrials)
    #expect(
      try recording.samples(1, in: 3..<7)
        == [value(0, 1, 3), value(0, 1, 4), value(1, 1, 0), value(1, 1, 1)].map(Double.init))
    expectFailure("o.npy", "expected", "bytes") {
      _ = try EEGRecording.open(try folder.write(start + Array(header.utf8) + bytes.dropLast(), to: "o.npy"))
    }
  }

  @Test func trialsAreSegments() throws {
    let trials = Tensor((0..<24).map { Double($0) }, dims: [3, 2, 4])
    try SafetensorsFile(tensors: [
      "eeg": trials, "label": Tensor([7, 8, 7] as [Int64], dims: [3]), "sfreq": Tensor(scalar: 8.0),
    ]).write(to: folder.file("a.safetensors"))
    let recording = try EEGRecording.open(folder.file("a.safetensors"))
    #expect(recording.channels.map(\.sampleCount) == [12, 12] && recording.channels[0].samplingRate == 8)
    // Across the border of two trials.
    #expect(try recording.samples(1, in: 2..<7) == [6, 7, 12, 13, 14])
    #expect(try recording.read([1, 0], in: 3..<5).elements(of: Double.self) == [7, 12, 3, 8])
    let timeline = try recording.timeline()
    #expect(timeline.segments.map { $0.samples(at: 8) } == [0..<4, 4..<8, 8..<12])
    #expect(timeline.events.map(\.label) == ["7", "8", "7"] && timeline.events.map(\.onset) == [0, 0.5, 1])
  }

  @Test func arraysThatAreNoRecordings() throws {
    try NpyFile.write(Tensor([1, 2] as [Float], dims: [2]), to: folder.file("flat.npy"))
    expectFailure("flat.npy", "expected numbers [channels, samples]", "float[2]") {
      _ = try EEGRecording.open(folder.file("flat.npy"))
    }
    try NpyFile.write(Tensor([] as [Float], dims: [0, 9]), to: folder.file("empty.npy"))
    expectFailure("empty.npy", "float[0,9]") { _ = try EEGRecording.open(folder.file("empty.npy")) }
    try NpyFile.write(Tensor([Float](repeating: 0, count: 70_000), dims: [70_000, 1]), to: folder.file("tall.npy"))
    expectFailure("tall.npy", "axis of channels", "65536 at most") {
      _ = try EEGRecording.open(folder.file("tall.npy"))
    }
    try NpyFile.write(Tensor([1, 2, 3] as [Float], dims: [3, 1]), to: folder.file("turned.npy"))
    #expect(try EEGRecording.open(folder.file("turned.npy")).warnings.contains { $0.contains("the other way round?") })
  }

  @Test func theDatasetOfDreamDiffusion() throws {
    let dataset = try DreamDiffusionDataset(contentsOf: Self.golden + "eeg_5_95_std_small.pth")
    #expect(dataset.trials.map { $0.eeg.dims } == [449, 450, 499, 600, 601, 500].map { [128, $0] })
    #expect(dataset.trials.map(\.subject) == [4, 4, 4, 4, 4, 1])
    let recording = try dataset.recording()
    #expect(recording.channels.count == 128 && recording.channels[0].sampleCount == 3099)
    let timeline = try recording.timeline()
    #expect(timeline.segments.map { $0.samples(at: 1000).count } == [449, 450, 499, 600, 601, 500])
    #expect(timeline.events.map { $0.details["subject"] } == ["4", "4", "4", "4", "4", "1"])
    #expect(timeline.events.map(\.label) == dataset.trials.map { dataset.labels[$0.label] })
    let second = try dataset.trials[1].eeg.read().doubles()
    #expect(try recording.samples(5, in: 449..<899) == Array(second[5 * 450..<6 * 450]))
  }

  @Test("A data set does not say its rate, so that one may be given") func rateOfADataset() throws {
    let path = Self.golden + "eeg_5_95_std_small.pth"
    #expect(try EEGRecording.open(path).channels[0].samplingRate == 1000)
    let recording = try EEGRecording.open(path, samplingRate: 500)
    #expect(recording.channels.allSatisfy { $0.samplingRate == 500 } && recording.duration == 3099 / 500.0)
    #expect(try recording.timeline().segments.map(\.duration) == [449, 450, 499, 600, 601, 500].map { $0 / 500.0 })
  }

  @Test(arguments: ["block_splits_small.pth", "block_splits_small_zip.pth"]) func splits(name: String) throws {
    let splits = try TrialSplit.read(Self.golden + name)
    let first = try #require(splits.first)
    #expect(Set(first.train) == [0, 1, 2, 5] && Set(first.test) == [1, 3])
    expectFailure(name, "\"dataset\"", "the keys splits") { _ = try EEGRecording.open(Self.golden + name) }
  }

  @Test func aFolderOfWindows() throws {
    for (name, length) in [("b/2.npy", 3), ("a.npy", 2), ("b/1.npy", 4)] {
      try folder.write([], to: name)
      let values = (0..<2 * length).map { Float(length * 100 + $0) }
      try NpyFile.write(Tensor(values, dims: [2, length]), to: folder.file(name))
    }
    let recording = try EEGRecording.open(folder.path, samplingRate: 1)
    #expect(try recording.timeline().events.map(\.label) == ["a.npy", "b/1.npy", "b/2.npy"])
    #expect(try recording.samples(1, in: 0..<9) == [202, 203, 404, 405, 406, 407, 303, 304, 305])
    try NpyFile.write(Tensor([1] as [Float], dims: [1, 1]), to: folder.file("c.npy"))
    expectFailure("c.npy", "expected 2 channels because a.npy has so many", "found 1") {
      _ = try EEGRecording.open(folder.path)
    }
  }

  @Test func emptyAndUnknownFiles() throws {
    expectFailure("letter.txt", "expected EDF, BDF, GDF", "48 65 6c 6c 6f") {
      _ = try EEGRecording.open(try folder.write("Hello", to: "letter.txt"))
    }
    expectFailure("nothing.edf", "an empty file") { _ = try EEGRecording.open(try folder.write([], to: "nothing.edf")) }
    expectFailure("none.edf", "No such file") { _ = try EEGRecording.open(folder.file("none.edf")) }
    expectFailure("rec.eeg", "of BrainVision, give", "rec.vhdr") {
      _ = try EEGRecording.open(try folder.write([1, 2, 3, 4], to: "rec.eeg"))
    }
  }
}
