import Foundation
import Testing

/// The built command line.
enum Program {
  struct Result {
    let status: Int32
    /// Ended by a signal, which no input may bring about.
    let crashed: Bool
    let output: String
    let errors: String
  }

  /// Next to the test bundle, where `swift test` puts both.
  static let path: String = {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(
      "oneiro"
    ).path
    if FileManager.default.isExecutableFile(atPath: bundle) { return bundle }
    #if DEBUG
      let configuration = "debug"
    #else
      let configuration = "release"
    #endif
    return repository.appendingPathComponent(".build/\(configuration)/oneiro").path
  }()

  static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// - cache: the folder that keeps what was measured; "" for none.
  /// - folder: where relative paths begin; `nil` for where the tests run.
  static func run(_ arguments: [String], cache: String = "", in folder: String? = nil) throws -> Result {
    try run(path, arguments, cache: cache, in: folder)
  }

  static func run(
    _ executable: String, _ arguments: [String], cache: String = "", in folder: String? = nil
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.arguments = arguments
    // What an earlier run measured must not decide what a test sees.
    process.environment = ProcessInfo.processInfo.environment.merging(["ONEIRO_CACHE": cache]) { $1 }
    let output = Pipe(), errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let outputBytes = output.fileHandleForReading.readDataToEndOfFile()
    let errorBytes = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, crashed: process.terminationReason == .uncaughtSignal,
      output: String(decoding: outputBytes, as: UTF8.self), errors: String(decoding: errorBytes, as: UTF8.self))
  }
}

/// Expects exit status 1 and one line on standard error that begins with `error: ` and holds every one of `words`.
func expectFailure(_ arguments: [String], _ words: String..., sourceLocation: SourceLocation = #_sourceLocation) throws
{
  let result = try Program.run(arguments)
  #expect(
    !result.crashed && result.status == 1, "status \(result.status): \(result.errors)", sourceLocation: sourceLocation)
  let lines = result.errors.split(separator: "\n")
  #expect(lines.count == 1 && result.errors.hasPrefix("error: "), "\(result.errors)", sourceLocation: sourceLocation)
  for word in words {
    #expect(result.errors.contains(word), "\"\(word)\" is not in: \(result.errors)", sourceLocation: sourceLocation)
  }
}
