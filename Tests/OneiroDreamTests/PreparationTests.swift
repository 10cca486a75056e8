import Foundation
import OneiroDream
import OneiroEEG
import OneiroGraph
import OneiroModel
import OneiroRuntime
import OneiroTestSupport
import Testing

@Suite("Preparation of recordings") struct PreparationTests {
  private let folder: TemporaryFolder
  private static let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Models").path
  private let pipeline = "\(models)/dreamdiffusion-tiny.onnx"

  /// Data that several test targets share.
  private static func golden(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Golden/\(name)").path
  }

  init() throws { folder = try TemporaryFolder() }

  private static func settings(_ further: String, channels: Int = 3, samples: Int = 512) throws -> PreparationSettings {
    try PreparationSettings(
      json:
        #"{"channels": \#(channels), "sampling_rate": 1000, "window": [0.02, 0.46], "samples": \#(samples)\#(further)}"#,
      name: "test")
  }

  /// What the graph makes of a window.
  private static func run(_ settings: PreparationSettings, _ window: Tensor, _ map: Tensor) throws -> Tensor {
    let planner = Planner(backend: try Backend("reference"))
    let outputs = try GraphRunner(PreparationGraph.model(settings).graph, planner: planner)
      .run(["window": .tensor(window), "channel_map": .tensor(map)])
    return try #require(outputs["prepared"]?.tensor)
  }

  private static func identity(_ count: Int) -> Tensor {
    Tensor((0..<count * count).map { $0 % (count + 1) == 0 ? Float(1) : 0 }, dims: [count, count])
  }

  @Test func windowsAreStretchedAsTheOriginalDoes() throws {
    let golden = try SafetensorsFile(contentsOf: Self.golden("data_pipeline.safetensors")).tensors
    let dataset = try DreamDiffusionDataset(contentsOf: Self.golden("eeg_5_95_std_small.pth"))
    let settings = try Self.settings("", channels: 128)
    // The original's filtered list: trials of subject 4, which are the first five.
    for number in 1...3 {
      let expected = try #require(golden["trial\(number).eeg512"])
      let eeg = try dataset.trials[number].eeg.read(), length = eeg.dims[1]
      let all = eeg.elements(of: Float.self)
      let range = 20..<min(460, length)
      let window = (0..<128).flatMap { all[$0 * length + range.lowerBound..<$0 * length + range.upperBound] }
      let found = try Self.run(
        settings, Tensor(window, dims: [1, 128, range.count]), Self.identity(128)
      ).elements(of: Float.self)
      for (a, b) in zip(found, expected.elements(of: Float.self)) { #expect(abs(a - b) <= 1e-6 * max(1, abs(b))) }
    }
  }

  @Test func theDatasetIsPreparedAsTheOriginalDoes() throws {
    let golden = try SafetensorsFile(contentsOf: Self.golden("data_pipeline.safetensors")).tensors
    let planner = Planner(backend: try Backend("reference"))
    var request = PreparationRequest()
    request.window = SecondsRange(from: 0.02, to: 0.46)
    let prepared = try RecordingOpener(pipeline, planner: planner).open(
      Self.golden("eeg_5_95_std_small.pth"), .all, request)
    let trials = prepared.recording
    #expect(trials.count == 6 && trials.trials.dims == [6, 128, 512])
    #expect(trials.origins.numbers["subject"] == [4, 4, 4, 4, 4, 1] && trials.origins.numbers["stimulus"] != nil)
    for number in 1...3 {
      let expected = try #require(golden["trial\(number).eeg512"]).elements(of: Float.self)
      let found = trials.trial(number).elements(of: Float.self)
      for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-6 * max(1, abs(b))) }
    }
  }

  @Test func robustScalesAreMedians() throws {
    let settings = try Self.settings(#", "normalization": "robust_z""#, channels: 2, samples: 5)
    let window = Tensor([Float(1), 100, 3, 2, 5, 7, 7, 7, 7, 7], dims: [1, 2, 5])
    let found = try Self.run(settings, window, Self.identity(2)).elements(of: Float.self)
    // Median 3, median distance 2.
    let expected = [1, 100, 3, 2, 5].map { ($0 - 3) / (1.4826 * 2) }
    for (a, b) in zip(found, expected) { #expect(abs(Double(a) - b) < 1e-5) }
    #expect(found[5...].allSatisfy { $0 == 0 })
    // Of an even number, the middle is between two.
    let even = try Self.settings(#", "normalization": "robust_z""#, channels: 1, samples: 4)
    let four = try Self.run(even, Tensor([Float(0), 1, 2, 9], dims: [1, 1, 4]), Self.identity(1)).elements(
      of: Float.self)
    for (a, b) in zip(four, [-1.5, -0.5, 0.5, 7.5]) { #expect(abs(Double(a) - b / 1.4826) < 1e-5) }
  }

  @Test func aRecordingMakesThePicturesOfItsTrials() throws {
    let path = folder.file("rec.bdf")
    var file = SyntheticFile(.bdfPlus)
    file.trialCount = 10
    let shown = try file.write(to: path)
    let backend = try Backend("onednn"), planner = Planner(backend: backend)
    var request = PreparationRequest()
    request.trials = .everyEvent
    let prepared = try RecordingOpener(pipeline, planner: planner).open(path, .ranges([0...9]), request)
    let recording = prepared.recording
    #expect(recording.labels == shown.map { Int64($0.classNumber) } && recording.files == [path])
    #expect(prepared.warnings.isEmpty && prepared.mapLines == ["channels by names: 128 of 128 measured"])
    var options = Dream.Options(backend: backend)
    options.alsoComputes = [PipelineInterface.classLogitsName]
    let (results, _) = try Dream(pipeline, options: options).run(recording, noise: .seed(0))
    let right = zip(results, recording.labels ?? []).count { result, label in
      let logits = result.outputs[PipelineInterface.classLogitsName]?.doubles() ?? []
      return logits.indices.max { logits[$0] < logits[$1] } == Int(label)
    }
    #expect(right >= 7, "\(right) of 10")
  }

  @Test func arraysOfThePipelinesShapeAreTakenAsTheyAre() throws {
    let planner = Planner(backend: try Backend("reference"))
    let opener = try RecordingOpener(pipeline, planner: planner)
    let samples = "\(Self.models)/parts/eeg_samples.safetensors"
    let plain = try opener.open(samples, .ranges([3...4]))
    #expect(plain.recording.preparation == nil && plain.recording.trialNumbers == [3, 4])
    // Asked for, they are prepared: here to the same numbers, with what stands beside them.
    var request = PreparationRequest()
    request.window = SecondsRange(from: 0, to: 0.512)
    let prepared = try opener.open(samples, .ranges([3...4]), request)
    #expect(prepared.recording.preparation != nil && prepared.recording.labels == plain.recording.labels)
    #expect(prepared.recording.images != nil && prepared.recording.noise != nil)
    #expect(prepared.recording.trials.elements(of: Float.self) == plain.recording.trials.elements(of: Float.self))
  }

  @Test func aPipelineGetsOtherSettings() throws {
    let copy = folder.file("p.onnx"), json = folder.file("preparation.json")
    let parts = ["eeg_encoder", "conditioner", "unet", "vae_decoder"]
    var files = PartFiles(
      parts: Dictionary(uniqueKeysWithValues: parts.map { ($0, "\(Self.models)/parts/\($0).onnx") }),
      schedulerFile: "\(Self.models)/parts/scheduler.json")
    try Bundle.create(copy, files)
    let missing = #expect(throws: DreamError.self) { try Preparation(copy) }
    #expect(missing?.description.contains("--preparation") == true)
    func write(_ samples: Int) throws {
      try Data(try Self.settings("", channels: 128, samples: samples).json.utf8).write(to: URL(fileURLWithPath: json))
    }
    try write(512)
    try Bundle.replacePreparation(in: copy, with: json)
    #expect(try Preparation(copy).settings.window == SecondsRange(from: 0.02, to: 0.46))
    try Bundle.replacePreparation(in: copy, with: json)
    #expect(try Bundle.list(copy).count { $0.role == "preparation" } == 1)
    try write(100)
    let error = #expect(throws: DreamError.self) { try Bundle.replacePreparation(in: copy, with: json) }
    #expect(
      error?.description.contains("128 electrodes of 100 samples") == true,
      "\(error.map(String.init(describing:)) ?? "")")
    files.parts["preparation"] = "x.onnx"
    #expect(throws: DreamError.self) { try Bundle.create(copy, files) }
  }

  @Test func aFolderOfWindows() throws {
    for (name, value) in [("b", 2), ("a", 1)] as [(String, Float)] {
      try NpyFile.write(
        Tensor([Float](repeating: value, count: 128 * 512), dims: [128, 512]), to: folder.file("\(name).npy"))
    }
    let opener = try RecordingOpener(pipeline, planner: Planner(backend: try Backend("reference")))
    let whole = try opener.open(folder.path)
    #expect(whole.recording.preparation == nil && whole.recording.trials.dims == [2, 128, 512])
    #expect(whole.recording.trial(1).elements(of: Float.self).allSatisfy { $0 == 2 })
    #expect(whole.recording.files == [folder.file("a.npy"), folder.file("b.npy")])
    // One of another length: all are prepared.
    let ramp = (0..<128 * 600).map { Float($0 % 600) }
    try NpyFile.write(Tensor(ramp, dims: [128, 600]), to: folder.file("c.npy"))
    let prepared = try opener.open(folder.path, .ranges([2...2]))
    #expect(prepared.recording.preparation != nil && prepared.recording.trialNumbers == [2])
    #expect(prepared.recording.trials.elements(of: Float.self).prefix(3) == [0, 1, 2])
  }
}
