import Foundation
import OneiroGraph
import OneiroRuntime
import OneiroTestSupport
import Testing

@Suite("Tuning", .serialized) struct TuningTests {
  /// A product that two plugins take; its odd sizes are nobody else's.
  private static let model = """
    <ir_version: 10, opset_import: ["" : 23]>
    g (float[37,211] a, float[211,53] b) => (float[37,53] c) { c = MatMul(a, b) }
    """

  private func plan(_ tuning: Tuning) throws -> ExecutionPlan {
    let graph = try GraphText.parse(Self.model).graph
    let planner = Planner(backend: try Backend("openblas"), threads: 1, tuning: tuning)
    return try planner.plan(
      graph, inputs: ["a": TensorType(.float32, dims: [37, 211]), "b": TensorType(.float32, dims: [211, 53])])
  }

  @Test("A choice is measured once, written to a file, and taken from there") func remembers() throws {
    let temporary = try TemporaryFolder(), folder = temporary.file("deeper")
    TuningCache.shared.open(folder: folder)
    #expect(try plan(.off).steps[0].kernel.source == "openblas")
    #expect(!FileManager.default.fileExists(atPath: folder))
    let chosen = try plan(.quick).steps[0].kernel.source
    let file = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
    let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("/MatMul 1[37, 211] 1[211, 53]") })
    #expect(line.split(separator: "\t").last?.hasPrefix(chosen) == true, "\(line)")
    #expect(try plan(.quick).steps[0].kernel.source == chosen)
  }

  @Test("Nothing is timed where there is no room for it in a bound on memory") func room() throws {
    let temporary = try TemporaryFolder()
    TuningCache.shared.open(folder: temporary.path)
    let graph = try GraphText.parse(Self.model.replacing("211", with: "223")).graph
    func isKnown(after maxMemory: Int) throws -> Bool {
      let planner = Planner(backend: try Backend("openblas"), threads: 1, tuning: .quick, maxMemory: maxMemory)
      _ = try planner.plan(
        graph, inputs: ["a": TensorType(.float32, dims: [37, 223]), "b": TensorType(.float32, dims: [223, 53])])
      return try temporary.files.contains {
        try String(contentsOfFile: temporary.file($0), encoding: .utf8).contains("1[37, 223]")
      }
    }
    #expect(try !isKnown(after: 1 << 20))
    #expect(try isKnown(after: 1 << 40))
  }

  @Test(
    "A file that makes no sense, or of an older form, is no error and not believed",
    arguments: ["", "nonsense", "oneiro tuning 2\nno tab\n\t\t\t\n\u{0}", "oneiro tuning 1\n%\topenblas of old"])
  func skipsNonsense(text: String) throws {
    let folder = try TemporaryFolder()
    TuningCache.shared.open(folder: folder.path)
    _ = try plan(.quick)
    TuningCache.shared.remember("%", "here")
    TuningCache.shared.save()
    let files = try folder.files
    #expect(!files.isEmpty)
    for file in files { try folder.write(text, to: file) }
    let other = TuningCache()
    other.open(folder: folder.path)
    #expect(other.recall("%") == nil)
  }

  @Test("What was written is read again")
  func reads() throws {
    let folder = try TemporaryFolder(), cache = TuningCache(), other = TuningCache()
    cache.open(folder: folder.path)
    cache.remember("key", "value")
    cache.save()
    other.open(folder: folder.path)
    #expect(other.recall("key") == "value")
  }
}
