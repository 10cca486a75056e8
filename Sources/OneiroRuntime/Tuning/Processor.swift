/// The CPU that this process runs on.
enum Processor {
  /// Tells one model of CPU, with what the system lets programs use of it, from others: 16 hexadecimal digits.
  static let fingerprint: String = {
    let wanted = ["vendor_id", "cpu family", "model", "model name", "stepping", "flags", "Features", "CPU part"]
    var lines: [Substring] = []
    for line in (SystemFile.text("/proc/cpuinfo") ?? "").split(separator: "\n") {
      // One processor's lines stand for all.
      if line.hasPrefix("processor"), !lines.isEmpty { break }
      let name = line.prefix { $0 != ":" && $0 != "\t" }
      if wanted.contains(where: { name == $0 }) { lines.append(line) }
    }
    // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in lines.joined(separator: "\n").utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }()
}
