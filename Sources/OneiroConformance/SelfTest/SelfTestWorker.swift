import Foundation
import OneiroRuntime

/// What a worker of the self-test tells, a line of JSON each.
enum WorkerLine: Codable {
  /// Says which case it was, if the process does not get to its end.
  case begun(index: Int)
  case ended(CaseResult)

  private static let notFinite = (positive: "inf", negative: "-inf", nan: "nan")

  var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: Self.notFinite.positive, negativeInfinity: Self.notFinite.negative, nan: Self.notFinite.nan)
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  /// `nil`: no line of a worker, but something that a library has printed.
  init?(_ text: String) {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: Self.notFinite.positive, negativeInfinity: Self.notFinite.negative, nan: Self.notFinite.nan)
    guard text.hasPrefix("{"), let line = try? decoder.decode(Self.self, from: Data(text.utf8)) else { return nil }
    self = line
  }
}

/// One process of the self-test: the cases from one on, on one plugin at the level that the environment gives it.
package enum SelfTestWorker {
  /// - plugin: a path.
  package static func run(plugin: String, from first: Int) throws {
    endWithParent()
    let trial = try CaseTrial(plugin: plugin)
    let cases = Conformance.allWithLarge
    for index in cases.indices.dropFirst(first) {
      try say(.begun(index: index))
      try say(.ended(trial.run(cases[index], index: index)))
    }
  }

  /// Even inside a kernel that does not return.
  private static func endWithParent() {
    let parent = getppid()
    Thread.detachNewThread {
      while getppid() == parent { sleep(1) }
      _exit(1)
    }
  }

  private static func say(_ line: WorkerLine) throws {
    // In one write, so that nothing that a library prints gets in between.
    try FileHandle.standardOutput.write(contentsOf: Data((try line.text + "\n").utf8))
  }
}
