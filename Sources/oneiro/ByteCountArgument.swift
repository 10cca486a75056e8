import ArgumentParser
import OneiroRuntime

extension ByteCount {
  /// `4096`, `300M` or `1.5G`, in steps of 1024: what an option makes of its value.
  static func argument(_ text: String) throws -> ByteCount {
    let units: [Character: Double] = ["K": 0x1p10, "M": 0x1p20, "G": 0x1p30, "T": 0x1p40]
    var digits = text.uppercased()[...]
    if digits.hasSuffix("IB") {
      digits = digits.dropLast(2)
    } else if digits.hasSuffix("B") {
      digits = digits.dropLast()
    }
    let unit = digits.last.flatMap { units[$0] }
    if unit != nil { digits = digits.dropLast() }
    guard let amount = Double(digits), amount > 0, amount * (unit ?? 1) < 0x1p62 else {
      throw ValidationError("expected a number of bytes above 0, or of K, M, G or T, such as 300M or 1.5G")
    }
    return ByteCount(Int(amount * (unit ?? 1)))
  }
}
