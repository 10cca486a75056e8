import Glibc

/// How long this process has been there.
public enum ProcessAge {
  /// Seconds since the system started the process, in steps of its clock tick (10 ms); 0 where that is not told.
  public static var seconds: Double {
    guard let file = fopen("/proc/self/stat", "r") else { return 0 }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let length = fread(&buffer, 1, buffer.count, file)
    // The second field is the program's name in parentheses, in which anything may stand; the 22nd is the start.
    guard let end = buffer[..<length].lastIndex(of: UInt8(ascii: ")")) else { return 0 }
    let fields = String(decoding: buffer[(end + 1)..<length], as: UTF8.self).split(separator: " ")
    guard fields.count > 19, let start = Double(fields[19]) else { return 0 }
    var now = timespec()
    clock_gettime(CLOCK_BOOTTIME, &now)
    return max(Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9 - start / Double(sysconf(Int32(_SC_CLK_TCK))), 0)
  }
}

extension Duration {
  /// As a number of seconds.
  public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
