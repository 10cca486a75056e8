import ArgumentParser
import OneiroRuntime

/// How much memory a run may take.
struct MemoryOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Run in this much memory (300M, 1.5G, or bytes), reading weights from their file when they are needed; refused before the first node runs when that cannot be.",
      valueName: "bytes"), transform: ByteCount.argument)
  var maxMemory: ByteCount?

  func validate() throws {
    // The program by itself takes more.
    guard let maxMemory, maxMemory.bytes < 1 << 20 else { return }
    throw ValidationError(
      "--max-memory: expected 1M or more, in bytes or with K, M, G or T behind the number, found \(maxMemory)")
  }
}
