import ArgumentParser
import OneiroConformance

/// A process of `oneiro selftest`, which is brought down in its place.
struct SelfTestWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: SelfTest.workerCommand,
    abstract: "Run the self-test's cases on one plugin, a line of JSON before and after each.",
    shouldDisplay: false)

  @Argument(help: "A path to a kernel plugin.") var plugin: String
  @Option(help: "The number of the first case.") var from = 0

  func run() throws { try SelfTestWorker.run(plugin: plugin, from: from) }
}
