import ArgumentParser
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

  /// Told of what a run has found and made, when it is done.
  func announce(_ packed: PackedWeights) {
    let (found, kept) = packed.byteCounts
    if verbose { say("packed weights: \(ByteCount(found)) found, \(ByteCount(kept)) new") }
  }

  /// - peakByteCount: what the process has taken.
  func conclude(_ peakByteCount: Int = ProcessMemory.peakByteCount) {
    if verbose { say("peak \(ByteCount(peakByteCount)), as taken") }
  }

  private func say(_ sentence: String) { StandardError.print("memory  \(sentence)") }
}
