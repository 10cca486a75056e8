import Glibc

/// What the kernel knows of this process's memory.
public enum ProcessMemory {
  /// The most resident memory that the process has had, in bytes (VmHWM of /proc/self/status); 0 where it is not told.
  public static var peakByteCount: Int { status("VmHWM") }
  /// What is resident now, in bytes (VmRSS).
  public static var residentByteCount: Int { status("VmRSS") }

  private static func status(_ field: String) -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 16384)
    let length = fread(&buffer, 1, buffer.count, file)
    let lines = String(decoding: buffer[..<length], as: UTF8.self).split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("\(field):") }) else { return 0 }
    // "VmHWM:	   12345 kB"
    let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
    return kibibytes * 1024
  }
}
