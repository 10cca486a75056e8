import Foundation
import OneiroGraph
import OneiroModel
import Testing

@Suite("--keep-packed") struct KeepPackedTests {
  let files: Fixtures
  init() throws { files = try Fixtures() }

  /// A product whose weights lie beside the model.
  private func arguments() throws -> [String] {
    let text = "g (float[2,64] x) => (float[2,128] y) { y = MatMul (x, W) }"
    var model = try Fixtures.parse(text)
    model.graph.addInitializer("W", Tensor((0..<64 * 128).map { Float($0 % 31) }, dims: [64, 128]))
    try ModelWriter.write(model, to: files.path("m.onnx"), externalDataFile: "m.weights", threshold: 1)
    let x = try files.array(Tensor((0..<128).map { Float($0 % 7) }, dims: [2, 64]))
    let operands = ["--input", "x=\(x)", "--output", "y=\(files.path("y.npy"))"]
    return ["run", files.path("m.onnx"), "--backend", "vector"] + operands
  }

  private func result(_ arguments: [String], cache: String) throws -> (errors: String, y: Data) {
    let result = try Program.run(arguments, cache: cache)
    #expect(result.status == 0 && result.output.contains("1 node"), "\(result.errors)")
    return (result.errors, try Data(contentsOf: URL(fileURLWithPath: files.path("y.npy"))))
  }

  @Test(
    "The second run finds what the first packed, with and without a bound", arguments: [[], ["--max-memory", "2G"]])
  func finds(bound: [String]) throws {
    let arguments = try arguments() + ["--verbose"] + bound, cache = files.path("cache/deeper")
    let plain = try result(arguments, cache: cache)
    #expect(!plain.errors.contains("packed weights:"))
    let first = try result(arguments + ["--keep-packed"], cache: cache)
    let names = try FileManager.default.contentsOfDirectory(atPath: cache)
    #expect(names.count { $0.hasPrefix("packed-") } == 1)
    #expect(first.errors.contains("packed weights: 0 bytes found, 32.0 KiB new"), "\(first.errors)")
    let second = try result(arguments + ["--keep-packed"], cache: cache)
    #expect(second.errors.contains("32.0 KiB found, 0 bytes new"), "\(second.errors)")
    #expect(first.y == plain.y && second.y == plain.y)
  }

  @Test(
    "A damaged file is told of once, and packed anew, by the next run where this one has no room",
    arguments: [[], ["--max-memory", "2G"]], [true, false])
  func damaged(bound: [String], isCut: Bool) throws {
    let arguments = try arguments() + ["--verbose", "--keep-packed"] + bound, cache = files.path("cache")
    let first = try result(arguments, cache: cache)
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: cache).first { $0.hasPrefix("packed-") })
    var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(cache)/\(name)"))
    if isCut { bytes.removeLast(1000) } else { bytes[12_345] ^= 4 }
    try FileManager.default.removeItem(atPath: "\(cache)/\(name)")
    try bytes.write(to: URL(fileURLWithPath: "\(cache)/\(name)"))
    if bound.isEmpty || isCut {
      let second = try result(arguments, cache: cache)
      let lines = second.errors.split(separator: "\n").filter { $0.contains("warning") }
      #expect(lines.count == 1, "\(second.errors)")
      #expect(lines.first?.contains("--keep-packed: weights are packed anew: \(cache)/\(name): packed weights") == true)
      #expect(second.errors.contains("packed weights: 0 bytes found, 32.0 KiB new") && second.y == first.y)
    } else {
      let second = try Program.run(arguments, cache: cache)
      #expect(second.status == 1, "\(second.errors)")
      #expect(second.errors.contains("error: \(cache)/\(name): packed weights"), "\(second.errors)")
    }
    // The bounded run that failed has packed nothing.
    if !bound.isEmpty && !isCut { _ = try result(arguments, cache: cache) }
    let third = try result(arguments, cache: cache)
    #expect(third.errors.contains("32.0 KiB found, 0 bytes new"), "\(third.errors)")
    #expect(third.y == first.y && !third.errors.contains("warning"))
  }

  @Test("A model that holds its weights itself has nothing to keep, and that is said") func inside() throws {
    let unet = Program.repository.appendingPathComponent("Models/parts/unet.onnx").path
    let result = try Program.run(
      ["bench", unet, "--runs", "1", "--warmup", "0", "--tuning", "off", "--keep-packed"], cache: files.path("cache"))
    #expect(result.status == 0 && result.errors.contains("there was nothing to keep"), "\(result.errors)")
  }

  @Test("Where nothing can be kept, a word of it, and the run is done") func cannot() throws {
    let arguments = try arguments() + ["--keep-packed"]
    #expect(try result(arguments, cache: "").errors.contains("there is no folder for it"))
    let file = try files.write([1], to: "file")
    #expect(try result(arguments, cache: file).errors.contains("packed weights are not kept: \(file)"))
  }
}
