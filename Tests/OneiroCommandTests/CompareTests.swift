import Foundation
import Testing

@Suite("Two runs of a model, side by side") struct CompareTests {
  let files: Fixtures
  init() throws { files = try Fixtures() }

  private func compare(_ body: String, _ options: String...) throws -> Program.Result {
    let model = try files.model("g (float[64] x) => (float[64] y) { \(body) }")
    return try Program.run(["compare", model, "--backend", "vector"] + options)
  }

  @Test("NaN and infinities in both runs are counted") func counted() throws {
    let some = try compare("[root] a = Sqrt (x) \n [end] y = Neg (a)")
    #expect(some.status == 0, "\(some.output)\(some.errors)")
    #expect(some.output.contains(/NaN in both runs: [0-9]+ elements, in 2 values, first in "a" of Sqrt "root"\n/))
    #expect(!some.output.contains("infinity") && !some.output.contains("not compared"), "\(some.output)")
    let none = try compare("[fine] a = Abs (x) \n [end] y = Sqrt (a)")
    #expect(none.status == 0 && !none.output.contains("both runs"), "\(none.output)\(none.errors)")
  }

  @Test("A value without a finite element has not been compared, which is status 1") func blind() throws {
    let body = "[square] a = Mul (x, x) \n [minus] b = Neg (a) \n [root] c = Sqrt (b) \n [end] y = Neg (c)"
    let result = try compare(body)
    #expect(result.status == 1 && result.errors.isEmpty, "\(result.output)\(result.errors)")
    #expect(
      result.output.contains(
        "not compared: \"c\" of Sqrt \"root\" has no finite element in either run, nor have 1 other value\n"),
      "\(result.output)")
    #expect(result.output.contains("not finite") && result.output.contains("none beyond 0.001"), "\(result.output)")
    let json = try compare(body, "--json")
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect(json.status == 1 && object["first_not_compared"] as? String == "c" && object["first_beyond"] is NSNull)
    let values = try #require(object["values"] as? [[String: Any]])
    #expect(values.map { $0["nan_in_both"] as? Int } == [0, 0, 64, 64])
    #expect(values.map { $0["infinite_in_both"] as? Int } == [0, 0, 0, 0])
  }
}
