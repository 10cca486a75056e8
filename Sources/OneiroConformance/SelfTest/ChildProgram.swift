import Foundation
import OneiroRuntime

/// A program that could not be run, or what it said before it gave up.
package struct ProgramError: Error, CustomStringConvertible {
  package let description: String

  package init(description: String) { self.description = description }
}

/// Runs a program to its end and hands over what it prints, line by line.
enum ChildProgram {
  enum End: Equatable, CustomStringConvertible {
    case exited(Int32)
    case killed(signal: Int32)
    /// It showed for so long that it went on by no line, and was killed.
    case late(Duration)
    /// It printed more bytes than this without such a line, and was killed.
    case talkative(Int)

    var description: String {
      switch self {
      case .exited(let status): "ended with status \(status)"
      case .killed(let signal): "was ended by signal \(signal) (\(strsignal(signal).map { String(cString: $0) } ?? ""))"
      case .late(let limit): "took longer than \(limit.components.seconds) s"
      case .talkative(let limit): "printed more than \(ByteCount(limit))"
      }
    }
  }

  /// - environment: added to that of this process.
  /// - timeLimit, outputLimit: for what comes before a line that shows that the work goes on, or the end. Bytes are
  ///   those of all that is printed.
  /// - line: is given what comes on standard output and standard error, but for empty lines; says whether the line
  ///   shows that the work goes on.
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String], timeLimit: Duration,
    outputLimit: Int = 1 << 20, line: (String) -> Bool
  ) throws(ProgramError) -> End {
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    // The signal tells of a crash; Swift's own account of it takes a second, and is no line to show.
    let quiet = ["SWIFT_BACKTRACE": "enable=no"]
    process.environment = ProcessInfo.processInfo.environment.merging(quiet) { $1 }.merging(environment) { $1 }
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { throw ProgramError(description: "\(program): cannot be run: \(error)") }
    try? pipe.fileHandleForWriting.close()
    let stopped = read(
      pipe.fileHandleForReading.fileDescriptor, timeLimit: timeLimit, outputLimit: outputLimit, line)
    if stopped != nil { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    if let stopped { return stopped }
    return process.terminationReason == .uncaughtSignal
      ? .killed(signal: process.terminationStatus) : .exited(process.terminationStatus)
  }

  /// - Returns: why the process has to be stopped; `nil` when its output has ended.
  private static func read(
    _ descriptor: Int32, timeLimit: Duration, outputLimit: Int, _ line: (String) -> Bool
  ) -> End? {
    var rest: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 1 << 16)
    var deadline = ContinuousClock.now + timeLimit, byteCount = 0
    while true {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let left = max((deadline - ContinuousClock.now) / .milliseconds(1), 0)
      let ready = poll(&waiting, 1, Int32(clamping: Int(left.rounded(.up))))
      if ready == 0 { return .late(timeLimit) }
      let count = ready < 0 ? -1 : Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      byteCount += count
      rest += buffer[..<count]
      var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      rest = lines.popLast().map(Array.init) ?? []
      for one in lines where !one.isEmpty {
        guard line(String(decoding: one, as: UTF8.self)) else { continue }
        (deadline, byteCount) = (ContinuousClock.now + timeLimit, 0)
      }
      // One that prints without end is never waited for.
      if ContinuousClock.now >= deadline { return .late(timeLimit) }
      if byteCount > outputLimit { return .talkative(outputLimit) }
    }
    if !rest.isEmpty { _ = line(String(decoding: rest, as: UTF8.self)) }
    return nil
  }
}
