import Glibc

/// What the kernel knows of this process's memory.
public enum ProcessMemory {
  /// The most resident memory that the process has had, in bytes (VmHWM of /proc/self/status); 0 where it is not told.
  public static var peakByteCount: Int { status("VmHWM") }
  /// What is resident now, in bytes (VmRSS).
  public static var residentByteCount: Int { status("VmRSS") }

  /// A run of addresses that the process has mapped.
  struct Mapping {
    let addresses: Range<UInt>
    /// Of its pages in memory.
    let residentByteCount: Int
  }

  /// All mappings of the process (/proc/self/smaps); none where they are not told.
  static func mappings() -> [Mapping] {
    var result: [Mapping] = []
    var addresses: Range<UInt>?
    for line in lines(of: "/proc/self/smaps") {
      // "7f0a24000000-7f0a24021000 r--p 00000000 fe:00 131 /path" begins a mapping, "Rss:    132 kB" is one of its
      // lines.
      let first = line.prefix { $0 != " " }, bounds = first.split(separator: "-").compactMap { UInt($0, radix: 16) }
      if bounds.count == 2, bounds[0] < bounds[1] {
        addresses = bounds[0]..<bounds[1]
      } else if first == "Rss:", let found = addresses {
        result.append(Mapping(addresses: found, residentByteCount: byteCount(line)))
      }
    }
    return result
  }

  private static func status(_ field: String) -> Int {
    lines(of: "/proc/self/status").first { $0.hasPrefix("\(field):") }.map(byteCount) ?? 0
  }

  /// "VmHWM:	   12345 kB"
  private static func byteCount(_ line: Substring) -> Int {
    (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }

  private static func lines(of path: String) -> [Substring] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }
}
