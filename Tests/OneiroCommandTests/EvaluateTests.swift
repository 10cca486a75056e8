import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroPicture
import Testing

@Suite("oneiro evaluate") struct EvaluateTests {
  private static let models = Program.repository.appendingPathComponent("Models").path
  private static let pipeline = "\(models)/dreamdiffusion-tiny.onnx"
  private static let trials = "\(models)/parts/eeg_samples.safetensors"
  /// Few steps of a quick sampler: what is tested holds for them too.
  private static let quick = ["--sampler", "dpmpp_2m", "--steps", "8", "--backend", "vector"]

  let files: Fixtures
  init() throws { files = try Fixtures() }

  private func evaluate(_ arguments: [String]) throws -> [String: Any] {
    let result = try Program.run(["evaluate", "--json"] + arguments)
    #expect(result.status == 0, "\(result.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  private func verdict(_ object: [String: Any]) -> String? {
    (object["verdict"] as? [String: Any])?["outcome"] as? String
  }

  @Test func theBundledModelReadsTheEEG() throws {
    let report = files.path("report.html")
    let object = try evaluate([Self.pipeline, "--eeg", Self.trials, "--report", report] + Self.quick)
    #expect(verdict(object) == "beats_all")
    #expect(object["trials"] as? Int == 40 && object["stimuli"] as? Int == 40)
    let conditions = try #require(object["conditions"] as? [[String: Any]])
    #expect(
      conditions.map { $0["name"] as? String } == [
        "eeg", "time_shuffled", "matched_noise", "mismatched", "label_means", "linear_regression",
      ])
    let own = try #require((conditions[0]["scores"] as? [String: [String: Any]])?["10_way_top_1"])
    let mean = try #require(own["mean"] as? Double)
    #expect(mean > 0.6 && mean < 1, "\(mean)")
    for control in conditions.dropFirst() {
      let score = (control["scores"] as? [String: [String: Any]])?["10_way_top_1"]
      #expect(score?["beaten"] as? Bool == true, "\(control["name"] ?? "")")
    }
    let page = try String(contentsOfFile: report, encoding: .utf8)
    #expect(page.contains("The pictures depend on the EEG") && page.contains("<svg") && page.contains("data:image/png"))
    // Nothing is fetched from elsewhere.
    #expect(!page.contains("<script") && !page.contains("http") && !page.contains("<link"))
  }

  @Test func shuffledInputDoesNotPass() throws {
    let object = try evaluate([Self.pipeline, "--eeg", Self.trials, "--feed", "time_shuffled"] + Self.quick)
    #expect(verdict(object) == "not_beyond")
    let text = (object["verdict"] as? [String: Any])?["text"] as? String
    #expect(text?.hasPrefix("Not shown that the pictures depend on the EEG: by 10-way top-1 ") == true)
  }

  @Test func splitsThatLeakAreNamed() throws {
    let result = try Program.run(
      [
        "evaluate", Self.pipeline, "--eeg", "\(Self.trials):0-9", "--train", "\(Self.trials):5-20", "--controls",
        "none",
      ]
        + Self.quick)
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.output.contains(
        "THE SPLIT LEAKS: 5 of 10 scored trials have their trial in training too; 5 of 10 scored trials have their stimulus"
      ), "\(result.output)")
    #expect(result.output.split(separator: "\n").filter { $0.contains("  ") }.allSatisfy { $0.count <= 100 })
  }

  @Test func fewTrialsSayNothing() throws {
    let object = try evaluate([Self.pipeline, "--eeg", "\(Self.trials):0-3"] + Self.quick)
    #expect(verdict(object) == "too_few_trials")
    let one = try evaluate([Self.pipeline, "--eeg", "\(Self.trials):3"] + Self.quick)
    #expect(verdict(one) == "too_few_trials" && (one["conditions"] as? [Any])?.count == 3)
  }

  /// Labels without pictures: classes are all that can be scored.
  @Test func labelsAloneAreEnough() throws {
    let all = try SafetensorsFile(contentsOf: Self.trials).tensors
    func write(_ label: [Int64]) throws -> String {
      let eeg = try #require(all["eeg"]).elements(of: Float.self).prefix(3 * 128 * 512)
      let tensors = ["eeg": Tensor(Array(eeg), dims: [3, 128, 512]), "label": Tensor(label, dims: [3])]
      try SafetensorsFile(tensors: tensors).write(to: files.path("few.safetensors"))
      return files.path("few.safetensors")
    }
    let object = try evaluate([Self.pipeline, "--eeg", try write([0, 1, 2])] + Self.quick)
    #expect(
      (object["measures"] as? [[String: Any]])?.map { $0["name"] as? String } == ["10_way_top_1", "10_way_top_5"])
    try expectFailure(
      ["evaluate", Self.pipeline, "--eeg", try write([0, 10, 2]), "--json"] + Self.quick, "few.safetensors", "trial 1",
      "0 ... 9", "found 10")
    let same = try evaluate([Self.pipeline, "--eeg", try write([1, 1, 1])] + Self.quick)
    #expect((same["remarks"] as? [String])?.contains { $0.hasPrefix("All trials show one class") } == true)
  }

  @Test func trialsWithoutTruthAreRefused() throws {
    let eeg = try files.array(Tensor([Float](repeating: 0, count: 128 * 512), dims: [1, 128, 512]), name: "e.npy")
    try expectFailure(
      ["evaluate", Self.pipeline, "--eeg", eeg, "--json"] + Self.quick, "e.npy", "pictures that were shown",
      "found neither")
    let wide = try files.array(Tensor([1, 2] as [Float], dims: [1, 2]), name: "w.npy")
    try expectFailure(["evaluate", Self.pipeline, "--eeg", wide, "--json"] + Self.quick, "w.npy", "128 electrodes")
    try expectFailure(
      ["evaluate", Self.pipeline, "--eeg", Self.trials, "--with", "lpips=\(Self.models)/parts/unet.onnx"] + Self.quick,
      "unet.onnx", "2 inputs, a picture each", "found 3")
    try expectFailure(
      ["evaluate", Self.pipeline, "--eeg", Self.trials, "--report", files.path("none/r.html")] + Self.quick,
      "none/r.html",
      "cannot be written")
  }

  @Test func picturesThatAreThereAlready() throws {
    let drawn = files.path("drawn"), shown = files.path("shown")
    for folder in [drawn, shown] {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }
    for index in 0..<12 {
      let picture = Picture(
        width: 8, height: 8, pixels: (0..<192).map { UInt8(truncatingIfNeeded: $0 * (index + 3) * 5 + index * 31) })
      try PNG.write(picture, to: "\(shown)/\(index).png")
      try PNG.write(picture, to: "\(drawn)/\(index)-0.png")
    }
    let object = try evaluate(["--pictures", drawn, "--truths", shown, "--backend", "reference"])
    #expect(verdict(object) == "beats_all" && object["trials"] as? Int == 12)
    let conditions = try #require(object["conditions"] as? [[String: Any]])
    let scores = try #require(conditions.first?["scores"] as? [String: [String: Any]])
    #expect(scores["mse"]?["mean"] as? Double == 0 && scores["ssim"]?["mean"] as? Double == 1)
    #expect(scores["pcc_pairwise"]?["mean"] as? Double == 1)

    try PNG.write(Picture(width: 8, height: 8, filledWith: .red), to: "\(drawn)/cat.png")
    let command = ["evaluate", "--pictures", drawn, "--truths", shown, "--json"]
    try expectFailure(command, "drawn/cat.png", "a true picture cat.png", "found none")
    try FileManager.default.removeItem(atPath: "\(drawn)/cat.png")
    _ = try files.write([1, 2, 3], to: "drawn/3-0.png")
    try expectFailure(command, "drawn/3-0.png")
    try expectFailure(
      ["evaluate", "--pictures", files.path("none"), "--truths", shown, "--json"], "none", "cannot be read as a folder")
  }

  @Test(arguments: [
    ["evaluate", "p.onnx"], ["evaluate", "--pictures", "a"], ["evaluate", "p.onnx", "--eeg", "e.npy", "--ways", "1"],
    ["evaluate", "p.onnx", "--eeg", "e.npy", "--top", "0"],
    ["evaluate", "p.onnx", "--eeg", "e.npy", "--feed", "mismatched"],
    ["evaluate", "p.onnx", "--eeg", "e.npy", "--controls", "luck"],
    ["evaluate", "p.onnx", "--eeg", "e.npy", "--samples", "0"],
    ["evaluate", "p.onnx", "--eeg", "e.npy", "--gallery", "1"],
    ["evaluate", "p.onnx", "--eeg", "e.npy", "--with", "lpips"],
    ["evaluate", "p.onnx", "--eeg", "e.npy", "--pictures", "a", "--truths", "b"],
    ["dream", "p.onnx", "--eeg", "e.npy", "--out", "p.png", "--preview", "0"],
  ])
  func wrongUse(arguments: [String]) throws {
    let result = try Program.run(arguments)
    #expect(result.status == 2 && !result.crashed, "\(result.status): \(result.errors)")
  }
}
