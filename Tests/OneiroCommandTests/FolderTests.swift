import Foundation
import OneiroDream
import OneiroPicture
import Testing

@Suite("dream into a folder") struct FolderTests {
  private static let models = Program.repository.appendingPathComponent("Models").path
  private static let trials = "\(models)/parts/eeg_samples.safetensors"

  let files: Fixtures
  let folder: String
  init() throws {
    files = try Fixtures()
    folder = files.path("pictures")
  }

  private func command(_ more: [String]) -> [String] {
    [
      "dream", "\(Self.models)/dreamdiffusion-tiny.onnx", "--eeg", "\(Self.trials):2,0", "--samples", "2", "--out",
      "\(folder)/", "--backend", "vector", "--tuning", "off", "--sampler", "euler_ancestral", "--json",
    ] + more
  }

  private func draw(_ more: [String] = ["--steps", "4"]) throws -> [String: Any] {
    let result = try Program.run(command(more))
    #expect(result.status == 0, "\(result.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")) }
  private func lines() throws -> [Substring] {
    String(decoding: try bytes("manifest.jsonl"), as: UTF8.self).split(separator: "\n")
  }

  @Test func everythingIsThere() throws {
    let object = try draw()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(names == ["0-0.png", "0-1.png", "2-0.png", "2-1.png", "manifest.jsonl", "sheet.png"])
    #expect(object["kept"] as? Int == 0)
    // A row for each trial: what was shown, then its pictures.
    let sheet = try PNG.read("\(folder)/sheet.png")
    #expect((sheet.width, sheet.height) == (3 * 66 + 2, 2 * 66 + 2))
    let entries = try lines().map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(entries.map { $0["file"] as? String } == ["2-0.png", "2-1.png", "0-0.png", "0-1.png"])
    #expect(entries.map { $0["label"] as? Int } == [2, 2, 0, 0])
    #expect((entries[0]["settings"] as? [String: String])?["trials"] == "2,0")
  }

  /// As if it had been stopped in the middle of a line: the picture before it is whole, the one after it is not there.
  @Test func itGoesOnWhereItWasStopped() throws {
    _ = try draw()
    let whole = try ["0-0.png", "0-1.png", "2-0.png", "2-1.png", "sheet.png"].map(bytes)
    let manifest = try lines()
    for name in ["0-0.png", "0-1.png", "sheet.png"] { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
    let torn = manifest[0] + "\n" + manifest[1] + "\n" + manifest[2].prefix(30)
    try Data(torn.utf8).write(to: URL(fileURLWithPath: "\(folder)/manifest.jsonl"))
    let object = try draw()
    #expect(object["kept"] as? Int == 2)
    #expect(try ["0-0.png", "0-1.png", "2-0.png", "2-1.png", "sheet.png"].map(bytes) == whole)
    #expect(try lines().count == 4)
    #expect(try draw()["kept"] as? Int == 4)
  }

  @Test func aPictureThatWasChangedIsDrawnAgain() throws {
    _ = try draw()
    let before = try bytes("2-1.png")
    try PNG.write(Picture(width: 64, height: 64, filledWith: .red), to: "\(folder)/2-1.png")
    #expect(try draw()["kept"] as? Int == 3)
    #expect(try bytes("2-1.png") == before)
  }

  @Test func picturesOfOtherSettingsAreNotMixed() throws {
    _ = try draw()
    try expectFailure(command(["--steps", "5"]), "manifest.jsonl:1: steps", "expected 5", "found 4")
    try expectFailure(command(["--steps", "4", "--seed", "7"]), "manifest.jsonl:1: seed", "expected 7", "found 0")
    try Data("{}\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/manifest.jsonl"))
    try expectFailure(
      command(["--steps", "4"]), "manifest.jsonl:1", "a line of a manifest of pictures", "found \"{}\"")
  }

  @Test func aPreviewIsWrittenOnTheWay() throws {
    _ = try draw(["--steps", "4", "--preview", "2"])
    let preview = try PNG.read("\(folder)/preview.png")
    #expect((preview.width, preview.height) == (64, 64))
  }
}
