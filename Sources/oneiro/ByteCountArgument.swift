import ArgumentParser
import OneiroRuntime

/// `4096`, `300M` or `1.5G`, in steps of 1024.
extension ByteCount: ExpressibleByArgument {
  public init?(argument: String) {
    let units: [Character: Double] = ["K": 0x1p10, "M": 0x1p20, "G": 0x1p30, "T": 0x1p40]
    var digits = argument.uppercased()[...]
    if digits.hasSuffix("IB") {
      digits = digits.dropLast(2)
    } else if digits.hasSuffix("B") {
      digits = digits.dropLast()
    }
    let unit = digits.last.flatMap { units[$0] }
    if unit != nil { digits = digits.dropLast() }
    guard let amount = Double(digits), amount > 0, amount * (unit ?? 1) < 0x1p62 else { return nil }
    self.init(Int(amount * (unit ?? 1)))
  }
}
