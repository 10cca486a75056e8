import ArgumentParser
import Foundation
import OneiroRuntime

/// Says what memory a run will need, and what it took.
struct VerboseOption: ParsableArguments {
  @Flag(help: "Say before the run what memory it needs, and then what it took, on standard error.") var verbose = false

  /// Told of each plan before it runs.
  func announce(_ plan: ExecutionPlan) {
    guard verbose else { return }
    say("\(PlanMemory(plan))")
    say("\(MemoryForecast(plan)), as forecast")
  }

  /// What the process has taken in the end.
  func conclude() {
    if verbose { say("peak \(ByteCount(ProcessMemory.peakByteCount)), as taken") }
  }

  private func say(_ sentence: String) { FileHandle.standardError.write(Data("memory  \(sentence)\n".utf8)) }
}
