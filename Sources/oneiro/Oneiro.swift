import ArgumentParser
import Foundation

/// The command line: parse, call, print.
@main
struct Oneiro: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "oneiro",
    abstract: "Turns an EEG recording into a picture, and runs, shows and measures ONNX models on the way.",
    version: "0.1.0",
    subcommands: [
      DreamCommand.self, EvaluateCommand.self, EEGCommand.self, ImportCommand.self, QuantizeCommand.self, Run.self,
      Dump.self, Bench.self, Compare.self, Diff.self, Kernels.self, Ops.self, BundleCommand.self,
      Conformance.self, SelfTestCommand.self, SelfTestWorkerCommand.self,
    ])

  /// 0: done. 1: it failed, with one sentence that says where and why. 2: wrong use.
  static func main() {
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      try CommandNames.check(arguments, below: Self.self)
      var command = try parseAsRoot(NegativeNumbers.joined(arguments))
      do {
        if let command = command as? any FileWriting { try command.checkOutputs() }
        try command.run()
        finishOutput()
      } catch let error as ExitCode {
        throw error
      } catch let error as ValidationError {
        complain(message(error, of: type(of: command)))
        Foundation.exit(2)
      } catch let error where exitCode(for: error) != .success && !(error is CleanExit) {
        // Names in files may hold line breaks; an error is one line.
        complain("error: " + "\(error)".split(whereSeparator: \.isNewline).joined(separator: " "))
        Foundation.exit(1)
      }
    } catch let error as ExitCode {
      Foundation.exit(error.rawValue)
    } catch let error as CommandNames.Unknown {
      complain(message(ValidationError(error.message), of: error.parent))
      Foundation.exit(2)
    } catch {
      let code = exitCode(for: error)
      let message = fullMessage(for: error)
      if code == .success { print(message) } else { complain(message) }
      Foundation.exit(code == .success ? 0 : 2)
    }
  }

  /// What was printed may still be on its way, or has met a full disk; whoever reads it must not take a part for all.
  private static func finishOutput() {
    guard fflush(nil) != 0 else { return }
    complain("error: standard output: \(String(cString: strerror(errno)))")
    Foundation.exit(1)
  }

  private static func complain(_ message: String) {
    StandardError.finishBar()
    StandardError.print(message)
  }

  /// What the parser would say of wrong use that only the run shows: it takes what a run throws for the whole
  /// program's.
  private static func message(_ error: ValidationError, of command: any ParsableCommand.Type) -> String {
    let usage = usageString(for: command)
    let name = usage.prefix { $0 != "[" && $0 != "<" }.split(separator: " ").joined(separator: " ")
    return "Error: \(error.message)\nUsage: \(usage)\n  See '\(name) --help' for more information."
  }
}
