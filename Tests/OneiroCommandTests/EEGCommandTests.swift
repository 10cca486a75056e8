import Foundation
import OneiroGraph
import OneiroModel
import Testing

@Suite("eeg: recordings are shown, drawn, taken out and made up") struct EEGCommandTests {
  let files: Fixtures
  init() throws { files = try Fixtures() }

  private func recording(_ name: String = "rec.bdf", _ further: String...) throws -> String {
    let result = try Program.run(
      ["eeg", "synth", "--out", files.path(name), "--electrodes", "10-20", "--trials", "10"] + further)
    #expect(result.status == 0, "\(result.errors)")
    return files.path(name)
  }

  @Test func infoIsATable() throws {
    let result = try Program.run(["eeg", "info", try recording()])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("BDF+, 21 channels at 1000 Hz, 12.288 s"))
    #expect(result.output.contains("Fp1") && result.output.contains("crescent      annotation"))
    #expect(!result.output.contains("warning"))
    #expect(result.output.split(whereSeparator: \.isNewline).allSatisfy { $0.count <= 110 })
  }

  @Test func infoForPrograms() throws {
    let result = try Program.run(["eeg", "info", try recording("rec.edf"), "--json"])
    let info = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(info["format"] as? String == "EDF+" && (info["events"] as? [Any])?.count == 10)
    let channel = try #require((info["channels"] as? [[String: Any]])?.first)
    #expect(channel["label"] as? String == "Fp1" && channel["sampling_rate_hz"] as? Double == 1000)
    #expect(channel["flat"] as? Bool == false)
  }

  @Test func aWindowIsTakenOut() throws {
    let out = files.path("window.npy")
    let result = try Program.run([
      "eeg", "export", try recording(), "--channels", "Oz,3", "--from", "1", "--seconds", "0.5", "--out", out,
    ])
    #expect(result.status == 0, "\(result.errors)")
    #expect(try NpyFile.read(out).dims == [2, 500])
    try expectFailure(["eeg", "export", files.path("rec.bdf"), "--channels", "O9", "--out", out], "\"O9\"", "Fp1")
    try expectFailure(["eeg", "export", files.path("rec.bdf"), "--from", "99", "--out", out], "12.288 s", "99.0 s")
    try expectFailure(
      ["eeg", "export", files.path("rec.bdf"), "--from", "12", "--seconds", "1", "--out", out], "an end up to 12.288 s",
      "13.0 s")
  }

  @Test("A rate is for arrays: other files state their own") func statedRate() throws {
    let file = try recording()
    for command in [["info", file], ["export", file, "--out", files.path("all.npy")]] {
      try expectFailure(["eeg"] + command + ["--rate", "77"], file, "sampling rate", "states its own", "found 77.0 Hz")
    }
  }

  @Test func channelsAreFiltered() throws {
    let out = files.path("clean.npy"), file = try recording()
    let filters = ["--band", "1:40", "--notch", "50", "--resample", "250"]
    let result = try Program.run(
      ["eeg", "export", file, "--from", "2", "--seconds", "4", "--out", out] + filters)
    #expect(result.status == 0 && result.output.contains("1000 samples at 250.0 Hz"), "\(result.errors)")
    let clean = try NpyFile.read(out)
    #expect(clean.dims == [21, 1000] && clean.doubles().allSatisfy { abs($0) < 20 })
    try expectFailure(["eeg", "export", file, "--out", out, "--band", "1:600"], file, "below 500.0 Hz")
  }

  @Test func aPictureIsDrawn() throws {
    let out = files.path("rec.png")
    let result = try Program.run(["eeg", "plot", try recording(), "--out", out])
    #expect(result.status == 0, "\(result.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: out)).starts(with: [0x89, 0x50, 0x4E, 0x47]))
  }

  @Test func badFiles() throws {
    for verb in ["info", "plot", "export"] {
      let out = verb == "info" ? [] : ["--out", files.path(verb == "plot" ? "a.png" : "a.npy")]
      try expectFailure(["eeg", verb, files.path("none.edf")] + out, "none.edf", "No such file")
      let text = try files.write(Array("no recording".utf8), to: "letter.edf")
      try expectFailure(["eeg", verb, text] + out, "letter.edf", "expected EDF")
    }
    #expect(!FileManager.default.fileExists(atPath: files.path("a.png")))
  }

  @Test(arguments: [
    ["synth", "--out", "a.txt"], ["synth", "--out", "a.edf", "--subject", "4"],
    ["synth", "--out", "a.edf", "--interval", "0.1"], ["synth", "--out", "a.edf", "--electrodes", "Q9"],
    ["plot", "a.edf", "--out", "a.jpg"], ["export", "a.edf", "--out", "a.csv"], ["info"],
    ["info", "a.npy", "--rate", "0"], ["export", "a.edf", "--out", "a.npy", "--seconds", "0"],
    ["export", "a.edf", "--out", "a.npy", "--band", "40:1"], ["export", "a.edf", "--out", "a.npy", "--notch", "0"],
  ]) func wrongUse(arguments: [String]) throws {
    let result = try Program.run(["eeg"] + arguments)
    #expect(!result.crashed && result.status == 2 && result.output.isEmpty, "\(result.errors)")
  }
}
