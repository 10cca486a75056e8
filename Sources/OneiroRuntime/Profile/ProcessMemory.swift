import Glibc
import Synchronization

/// What the kernel knows of this process's memory.
public enum ProcessMemory {
  /// The most resident memory that the process has had, in bytes (VmHWM of /proc/self/status); 0 where it is not told.
  public static var peakByteCount: Int { max(status("VmHWM"), earlierPeak.withLock { $0 }) }
  /// That of before the system last began to count anew.
  private static let earlierPeak = Mutex(0)
  /// What is resident now, in bytes (VmRSS).
  public static var residentByteCount: Int { status("VmRSS") }

  /// What of that is no page of a file, counted page by page (/proc/self/smaps_rollup); `nil` where it is not told.
  static var anonymousByteCount: Int? {
    lines(of: "/proc/self/smaps_rollup").first { $0.hasPrefix("Anonymous:") }.map(byteCount)
  }

  /// Does some work, and looks how far resident memory grows meanwhile, at its peak. `peakByteCount` stays as it is.
  /// - Returns: bytes beside the result; `nil` where the system does not tell.
  static func growth<Result, Failure: Error>(
    during work: () throws(Failure) -> Result
  ) throws(Failure) -> (result: Result, byteCount: Int?) {
    let peak = peakByteCount
    earlierPeak.withLock { $0 = max($0, peak) }
    countAnew()
    let before = residentByteCount, isTold = status("VmHWM") <= before + inaccuracy
    let result = try work()
    return (result, isTold ? max(status("VmHWM") - before, 0) : nil)
  }

  /// What the system's two counts may be apart, as it adds up those of each CPU.
  private static let inaccuracy = 1 << 20

  private static func countAnew() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }

  /// The addresses of all mappings of the process (/proc/self/maps); none where they are not told.
  static func mappings() -> [Range<UInt>] {
    lines(of: "/proc/self/maps").compactMap { line in
      // "7f0a24000000-7f0a24021000 r--p 00000000 fe:00 131 /path"
      let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
      return bounds.count == 2 && bounds[0] < bounds[1] ? bounds[0]..<bounds[1] : nil
    }
  }

  /// Which pages of a mapping are in memory (/proc/self/pagemap); `nil` where it is not told.
  static func pages(of addresses: Range<UInt>) -> MappedPages? {
    guard let file = fopen("/proc/self/pagemap", "r") else { return nil }
    defer { fclose(file) }
    // 64 bits a page, the highest of which says that it is there.
    let first = addresses.lowerBound / MappedPages.pageByteCount
    let count = Int(UInt(addresses.count) / MappedPages.pageByteCount)
    guard fseek(file, Int(first) * MemoryLayout<UInt64>.size, SEEK_SET) == 0 else { return nil }
    var isResident: [Bool] = [], buffer = [UInt64](repeating: 0, count: 8192)
    isResident.reserveCapacity(count)
    while isResident.count < count {
      let read = fread(&buffer, MemoryLayout<UInt64>.size, min(buffer.count, count - isResident.count), file)
      guard read > 0 else { return nil }
      isResident += buffer[..<read].lazy.map { $0 >> 63 == 1 }
    }
    return MappedPages(addresses, isResident: isResident)
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
