import ArgumentParser
import Foundation
import OneiroRuntime

/// Says ahead what a run will need.
struct VerboseOption: ParsableArguments {
  @Flag(help: "Say before the run what memory it needs, on standard error.") var verbose = false

  /// Told of each plan before it runs.
  func announce(_ plan: ExecutionPlan) {
    guard verbose else { return }
    FileHandle.standardError.write(Data("memory  \(PlanMemory(plan))\n".utf8))
  }
}
