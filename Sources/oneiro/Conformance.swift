import ArgumentParser
import Foundation
import OneiroRuntime

struct Conformance: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run ONNX backend test folders.",
    discussion: """
      Each folder holds model.onnx and test_data_set_*/{input,output}_i.pb; a tree of them is searched.

        oneiro conformance /usr/share/libonnx-testdata/data --backend onednn
      """)

  @Argument(help: "Folders to search for cases.") var folders: [String]
  @OptionGroup var options: BackendOptions
  @Flag(help: "Print one JSON object.") var json = false
  @Flag(help: "Name every case, and not only those that failed.") var verbose = false

  func run() throws {
    let run = ConformanceRun(planner: try options.planner())
    var passed = 0, failed = 0, skipped = 0
    var rows: [[String: String]] = []
    for test in try ConformanceCase.find(in: folders) {
      let result = run.run(test)
      var row = ["name": result.name, "sources": result.sources.joined(separator: ",")]
      switch result.outcome {
      case .passed:
        passed += 1
        row["outcome"] = "passed"
        if verbose && !json { print("passed  \(result.name)  [\(result.sources.joined(separator: ","))]") }
      case .failed(let reason):
        failed += 1
        (row["outcome"], row["reason"]) = ("failed", reason)
        if !json { print("failed  \(result.name): \(reason)") }
      case .skipped(let reason):
        skipped += 1
        (row["outcome"], row["reason"]) = ("skipped", reason)
        if !json { print("skipped \(result.name): \(reason)") }
      }
      rows.append(row)
    }
    if json {
      let object: [String: Any] = [
        "backend": options.backend, "passed": passed, "failed": failed, "skipped": skipped, "cases": rows,
      ]
      print(String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self))
    } else {
      print("\(passed) passed, \(failed) failed, \(skipped) skipped")
    }
    if failed > 0 { throw ExitCode(1) }
  }
}
