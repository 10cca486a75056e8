import Foundation

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
    /// It printed nothing for so long that it was killed.
    case silent(Duration)

    var description: String {
      switch self {
      case .exited(let status): "ended with status \(status)"
      case .killed(let signal): "was ended by signal \(signal) (\(strsignal(signal).map { String(cString: $0) } ?? ""))"
      case .silent(let limit): "took longer than \(limit.components.seconds) s"
      }
    }
  }

  /// - environment: added to that of this process.
  /// - timeLimit: for each line.
  /// - line: is given what comes on standard output and standard error, but for empty lines.
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String], timeLimit: Duration,
    line: (String) -> Void
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
    let isSilent = !read(pipe.fileHandleForReading.fileDescriptor, timeLimit: timeLimit, line)
    if isSilent { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    if isSilent { return .silent(timeLimit) }
    return process.terminationReason == .uncaughtSignal
      ? .killed(signal: process.terminationStatus) : .exited(process.terminationStatus)
  }

  /// - Returns: whether the end came before a silence that was too long.
  private static func read(_ descriptor: Int32, timeLimit: Duration, _ line: (String) -> Void) -> Bool {
    var rest: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, Int32(clamping: timeLimit.components.seconds * 1000))
      if ready == 0 { return false }
      let count = ready < 0 ? -1 : Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      rest += buffer[..<count]
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        if end > rest.startIndex { line(String(decoding: rest[..<end], as: UTF8.self)) }
        rest.removeSubrange(...end)
      }
    }
    if !rest.isEmpty { line(String(decoding: rest, as: UTF8.self)) }
    return true
  }
}
