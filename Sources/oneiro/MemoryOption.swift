import ArgumentParser
import OneiroRuntime

/// How much memory a run may take.
struct MemoryOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Run in this much memory (300M, 1.5G, or bytes), reading weights from their file when they are needed; refused before the first node runs when that cannot be.",
      valueName: "bytes"))
  var maxMemory: ByteAmount?
}

/// "300M": a number of bytes, in units of 1024, as people write it.
struct ByteAmount: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let units: [Character: Double] = ["K": 0x1p10, "M": 0x1p20, "G": 0x1p30, "T": 0x1p40]
    var digits = argument.uppercased()
    if digits.hasSuffix("IB") { digits.removeLast(2) }
    let unit = digits.last.flatMap { units[$0] }
    if unit != nil { digits.removeLast() }
    guard let number = Double(digits), number > 0, number * (unit ?? 1) < 0x1p56 else { return nil }
    bytes = Int(number * (unit ?? 1))
  }
}
