import Foundation
import OneiroGraph
import OneiroModel
import Testing

@Suite("dream and evaluate take recordings") struct RecordingUseTests {
  let files: Fixtures
  init() throws { files = try Fixtures() }

  private static let models = Program.repository.appendingPathComponent("Models").path
  private let pipeline = "\(models)/dreamdiffusion-tiny.onnx"

  private func recording(_ name: String = "rec.bdf", _ further: String...) throws -> String {
    let result = try Program.run(["eeg", "synth", "--out", files.path(name), "--trials", "10"] + further)
    #expect(result.status == 0, "\(result.errors)")
    return files.path(name)
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func trialsBecomePicturesAndGoOn() throws {
    let rec = try recording(), out = files.path("drawn")
    let arguments = ["dream", pipeline, "--eeg", rec, "--event", "all", "--out", out + "/", "--json"]
    let first = try Program.run(arguments + ["--trials", "0-3"])
    #expect(first.status == 0, "\(first.errors)")
    let line = try String(contentsOfFile: out + "/manifest.jsonl", encoding: .utf8).split(separator: "\n")
    let settings = try #require(try object(String(line[0]))["settings"] as? [String: String])
    #expect(line.count == 4 && settings["preparation"]?.contains("window 0.0:0.512 s, 1000.0 Hz") == true)
    let other = try Program.run(arguments + ["--window", "0:0.4"])
    #expect(other.status == 1 && other.errors.contains("preparation"), "\(other.errors)")
  }

  @Test func whatWasDoneIsPrinted() throws {
    let rec = try recording("cap.bdf", "--electrodes", "10-10")
    let result = try Program.run([
      "dream", pipeline, "--eeg", rec + ":0", "--event", "star", "--band", "0.5:100", "--notch", "50", "--reference",
      "average", "--baseline", "-0.2:0", "--steps", "2", "--sheet", files.path("s.png"),
    ])
    #expect(result.status == 0, "\(result.errors)")
    for words in [
      "1 trial, events star, window 0.0:0.512 s, 1000.0 Hz, notch 50.0 Hz, band 0.5:100.0 Hz of order 4",
      "reference average, baseline -0.2:0.0 s, channels by names", "0 of 128 measured", "splines: all",
      "no electrode of the recording is at a place of the model's 128: all are invented from 64 elsewhere (splines)",
    ] { #expect(result.errors.contains(words), "\(words): \(result.errors)") }
    let bad = try Program.run([
      "dream", pipeline, "--eeg", rec, "--event", "all", "--channel-map", "x", "--sheet", "s.png",
    ])
    #expect(bad.status == 2)
  }

  @Test func preparedTrialsGoOnAsTheyAre() throws {
    let rec = try recording(), out = files.path("trials.safetensors")
    let result = try Program.run(["eeg", "prepare", pipeline, "--eeg", rec, "--event", "all", "--out", out])
    #expect(
      result.status == 0 && result.output.contains("10 trials of 128 electrodes, 512 samples"), "\(result.errors)")
    let arrays = try SafetensorsFile(contentsOf: out).tensors
    #expect(arrays["eeg"]?.dims == [10, 128, 512] && arrays["label"]?.dims == [10])
    func scores(_ arguments: [String]) throws -> String {
      let result = try Program.run(
        ["evaluate", pipeline, "--steps", "2", "--controls", "none", "--replicates", "10", "--json"] + arguments)
      #expect(result.status == 0, "\(result.errors)")
      let measures = try object(result.output)["measures"] ?? []
      return String(decoding: try JSONSerialization.data(withJSONObject: measures, options: .sortedKeys), as: UTF8.self)
    }
    let prepared = try scores(["--eeg", out]), direct = try scores(["--eeg", rec, "--event", "all"])
    #expect(prepared == direct && prepared.count > 20)
  }

  @Test func aBIDSFolderWithItsPictures() throws {
    let folder = files.path("bids"), eeg = folder + "/sub-01/eeg"
    try FileManager.default.createDirectory(atPath: eeg, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: folder + "/stimuli", withIntermediateDirectories: true)
    try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/dataset_description.json"))
    try FileManager.default.moveItem(atPath: try recording("a.edf"), toPath: eeg + "/sub-01_task-x_eeg.edf")
    let rows = (1...3).map { "\(Double($0) * 1.024)\t0.5\tseen\tp\($0 % 2).png" }
    let table = (["onset\tduration\ttrial_type\tstim_file"] + rows).joined(separator: "\n") + "\n"
    try Data(table.utf8).write(to: URL(fileURLWithPath: eeg + "/sub-01_task-x_events.tsv"))
    for name in ["p0.png", "p1.png"] {
      try FileManager.default.copyItem(
        atPath: Self.models + "/contact_sheet.png", toPath: folder + "/stimuli/" + name)
    }
    let arguments = ["dream", pipeline, "--eeg", folder, "--event", "seen", "--steps", "2"]
    let result = try Program.run(arguments + ["--sheet", files.path("s.png")])
    #expect(result.status == 0, "\(result.errors)")
    // Two rows: what was shown stands above.
    let sheet = try Data(contentsOf: URL(fileURLWithPath: files.path("s.png")))
    let plain = try Program.run(
      [
        "dream", pipeline, "--eeg", eeg + "/sub-01_task-x_eeg.edf", "--onset", "1.024,2.048,3.072", "--steps", "2",
        "--sheet", files.path("t.png"),
      ])
    #expect(plain.status == 0, "\(plain.errors)")
    let other = try Data(contentsOf: URL(fileURLWithPath: files.path("t.png")))
    #expect(sheet[20..<24] != other[20..<24], "heights of the sheets")
    let missing = try Program.run(arguments + ["--shown", eeg, "--sheet", files.path("s.png")])
    #expect(missing.status == 1 && missing.errors.contains("trial 0") && missing.errors.contains("p1.png"))
    try Data("words".utf8).write(to: URL(fileURLWithPath: folder + "/stimuli/p1.png"))
    for command in [["dream", pipeline, "--sheet", files.path("v.png")], ["evaluate", pipeline]] {
      let bad = try Program.run(command + ["--eeg", folder, "--event", "seen", "--steps", "2"])
      #expect(bad.status == 1 && bad.errors.contains("stimuli/p1.png: expected a picture"), "\(bad.errors)")
    }
    // A data set need not have all that its events name, but somebody should know.
    try FileManager.default.removeItem(atPath: folder + "/stimuli/p0.png")
    let without = try Program.run(arguments + ["--sheet", files.path("u.png")])
    #expect(without.status == 0 && without.errors.contains("not compared with what was shown"), "\(without.errors)")
  }

  @Test func whatCannotBePreparedIsRefused() throws {
    let sheet = ["--sheet", files.path("s.png")], rec = try recording()
    func refused(_ arguments: [String], _ words: String...) throws {
      let result = try Program.run(["dream", pipeline] + arguments + sheet)
      let last = result.errors.split(separator: "\n").last ?? ""
      #expect(!result.crashed && result.status == 1 && last.hasPrefix("error: "), "\(result.errors)")
      for word in words { #expect(last.contains(word), "\(word): \(result.errors)") }
    }
    try refused(["--eeg", rec], "events", "--event", "circle (1)")
    try refused(["--eeg", rec, "--event", "5"], "circle (1)", "found \"5\"")
    try refused(["--eeg", rec, "--event", "all", "--window", "0:60"], "rec.bdf: trials", "reach out")
    try refused(["--eeg", rec, "--event", "all", "--window", "0:0.001"], "window", "two samples or more")
    try refused(["--eeg", rec, "--event", "all", "--reference", "A1"], "reference", "\"A1\"")
    try refused(["--eeg", rec, "--event", "all", "--band", "1:600"], "below 500.0 Hz")
    try refused(["--eeg", try recording("plain.edf", "--kind", "edf"), "--event", "all"], "--onset", "found none")
    try refused(
      ["--eeg", try recording("few.edf", "--electrodes", "Cz,Pz"), "--event", "all", "--channel-map", "order"],
      "128 because the model", "found 2")
    let text = try files.write(Array("no trials, but words".utf8), to: "text.safetensors")
    try refused(["--eeg", text], "text.safetensors", "safetensors file", "text that begins with \"no trials")
    try refused(["--eeg", files.path("")], "BIDS dataset, or windows")
    let nan = try files.array(Tensor([Float](repeating: .nan, count: 128 * 600), dims: [128, 600]), name: "nan.npy")
    try refused(["--eeg", nan], "nan.npy", "not a finite number")
    #expect(!FileManager.default.fileExists(atPath: files.path("s.png")))
  }

  @Test func oneBadChannelIsReplaced() throws {
    var values = (0..<128 * 600).map { Float(sin(Double($0) * 0.37)) }
    values[5 * 600 + 77] = .nan
    for index in 0..<600 { values[9 * 600 + index] = 4 }
    let bad = try files.array(Tensor(values, dims: [128, 600]), name: "bad.npy")
    let result = try Program.run([
      "dream", pipeline, "--eeg", bad, "--rate", "1000", "--steps", "2", "--sheet", files.path("s.png"),
    ])
    #expect(result.status == 0, "\(result.errors)")
    // Another rate makes other trials: what was drawn before is not taken for them.
    func draw(_ rate: String) throws -> Program.Result {
      try Program.run([
        "dream", pipeline, "--eeg", bad, "--rate", rate, "--window", "0:0.4", "--steps", "2", "--out",
        files.path("rates") + "/",
      ])
    }
    #expect(try draw("1000").status == 0)
    let other = try draw("700")
    #expect(other.status == 1 && other.errors.contains("preparation"), "\(other.errors)")
    for words in ["because flat: 9", "because not a finite number everywhere: 5", "126 of the model's 128 electrodes"] {
      #expect(result.errors.contains(words), "\(words): \(result.errors)")
    }
  }
}
