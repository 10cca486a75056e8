import Foundation
import OneiroGraph
import Testing

@Suite("What cannot be written is told before anything is read") struct OutputPathTests {
  let files: Fixtures
  init() throws { files = try Fixtures() }

  /// No input is there, so whatever looks at those first ends with another error.
  @Test(
    "Every command that writes files",
    arguments: [
      ["bench", "m.onnx", "--profile", "OUT.json"], ["run", "m.onnx", "--output", "y=OUT.npy"],
      ["dream", "p.onnx", "--eeg", "e.npy", "--out", "OUT.png"],
      ["dream", "p.onnx", "--eeg", "e.npy", "--sheet", "OUT.png"],
      ["dream", "p.onnx", "--eeg", "e.npy", "--compare-samplers", "--sheet", "OUT.png"],
      ["evaluate", "p.onnx", "--eeg", "e.npy", "--report", "OUT.html"], ["import", "c.pth", "--out", "OUT.onnx"],
      ["quantize", "m.onnx", "OUT.onnx", "--scheme", "w8"],
      ["quantize", "m.onnx", "q.onnx", "--scheme", "w8", "--report", "OUT.json"],
      ["bundle", "create", "OUT.onnx", "--from", "parts"],
      ["bundle", "extract", "p.onnx", "unet", "--out", "OUT.onnx"], ["bundle", "replace", "OUT.onnx", "unet=u.onnx"],
      ["eeg", "export", "r.bdf", "--out", "OUT.npy"], ["eeg", "plot", "r.bdf", "--out", "OUT.png"],
      ["eeg", "prepare", "p.onnx", "--eeg", "r.bdf", "--out", "OUT.npy"], ["eeg", "synth", "--out", "OUT.bdf"],
    ]) func everyCommand(arguments: [String]) throws
  {
    let model = try files.sumModel()
    for (folder, reason) in [(files.path("none"), "No such file or directory"), (model, "Not a directory")] {
      try expectFailure(
        arguments.map { $0.replacing("OUT", with: "\(folder)/out") }, "\(folder)/out.",
        "cannot be written: \(folder): \(reason)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: files.folder) == ["model.onnx"])
  }

  @Test(
    "Folders that the command makes itself",
    arguments: [["run", "m.onnx", "--output-dir", "OUT"], ["dream", "p.onnx", "--eeg", "e.npy", "--out", "OUT/"]])
  func folders(arguments: [String]) throws {
    let model = try files.sumModel()
    for (folder, reason) in [(files.path("none"), "No such file or directory"), (model, "Not a directory")] {
      try expectFailure(
        arguments.map { $0.replacing("OUT", with: "\(folder)/out") }, "cannot be made: \(folder): \(reason)")
    }
    for slash in ["", "/"] {
      try expectFailure(
        arguments.map { $0.replacing("OUT", with: model + slash) }, "\(model): cannot be written: Not a directory")
    }
  }

  @Test(
    "A file may be put into a folder that the command makes, however that is spelled",
    arguments: [
      ("OUT/", "OUT"), ("OUT", "OUT//"), ("OUT//", "OUT"), ("./new", "new"), ("new", "./new"), ("new", "OUT"),
    ]) func insideOfAFolder(made: String, other: String) throws
  {
    let model = try files.sumModel(), input = try files.array(Tensor([1, 2] as [Float], dims: [1, 2]))
    func named(_ path: String) -> String { path.replacing("OUT", with: files.path("new")) }
    let result = try Program.run(
      [
        "run", model, "--backend", "reference", "--input", "x=\(input)", "--output-dir", named(made), "--output",
        "y=\(named(other))/other.npy",
      ], in: files.folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: files.path("new")).sorted() == ["other.npy", "y.npy"])
  }

  @Test(
    "A run that fails changes nothing, whether it fails before something is written or on the way",
    arguments: ["none", "new", "old"]) func nothingChanges(state: String) throws
  {
    let model = try files.model(
      """
      g (float[2] x) => (float[2] a, seq(float[2]) b) { a = Neg (x) \n b = SequenceConstruct (x) }
      """)
    let folder = files.path("out"), input = try files.array(Tensor([1, 2] as [Float], dims: [2]))
    if state == "old" {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      try "before".write(toFile: "\(folder)/a.npy", atomically: false, encoding: .utf8)
    }
    let given = state == "none" ? [] : ["--input", "x=\(input)"]
    // A sequence is not for .npy, which is known when `a` is written.
    try expectFailure(
      ["run", model, "--backend", "reference", "--output-dir", folder] + given, state == "none" ? "is missing" : "b.npy"
    )
    let left = try? FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(left == (state == "old" ? ["a.npy"] : nil))
    if state == "old" { #expect(try String(contentsOfFile: "\(folder)/a.npy", encoding: .utf8) == "before") }
  }

  @Test("Nothing is replaced where one of the outputs has no place", arguments: ["folder", "long"])
  func noPlace(fault: String) throws {
    // A name of 300 letters is too long for a file.
    let second = fault == "long" ? String(repeating: "b", count: 300) : "b"
    let model = try files.model(
      "g (float[2] x) => (float[2] a, float[2] \(second)) { a = Neg (x) \n \(second) = Abs (x) }")
    let folder = files.path("out"), input = try files.array(Tensor([1, 2] as [Float], dims: [2]))
    let inTheWay = fault == "folder" ? "\(folder)/b.npy" : folder
    try FileManager.default.createDirectory(atPath: inTheWay, withIntermediateDirectories: true)
    try "before".write(toFile: "\(folder)/a.npy", atomically: false, encoding: .utf8)
    try expectFailure(
      ["run", model, "--backend", "reference", "--output-dir", folder, "--input", "x=\(input)"], "\(second).npy",
      "cannot be written")
    #expect(try String(contentsOfFile: "\(folder)/a.npy", encoding: .utf8) == "before")
    let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(left == (fault == "folder" ? ["a.npy", "b.npy"] : ["a.npy"]))
  }

  @Test("A device or a pipe is never replaced by a file") func pipe() throws {
    let pipe = files.path("pipe.json")
    #expect(mkfifo(pipe, 0o600) == 0)
    let model = try files.sumModel()
    try expectFailure(["bench", model, "--profile", pipe], pipe, "cannot be written: it is a device or a pipe")
    try expectFailure(["bench", model, "--profile", files.folder], "cannot be written: it is a folder")
  }
}
