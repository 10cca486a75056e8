/// A number of bytes as people read it: `512 bytes`, `3.4 MiB`.
public struct ByteCount: Sendable, CustomStringConvertible {
  public let bytes: Int
  public init(_ bytes: Int) { self.bytes = bytes }

  public var description: String {
    guard bytes >= 1024 else { return "\(bytes) bytes" }
    var amount = Double(bytes) / 1024
    var unit = "KiB"
    for larger in ["MiB", "GiB", "TiB"] where amount >= 1024 {
      amount /= 1024
      unit = larger
    }
    return "\((amount * 10).rounded() / 10) \(unit)"
  }
}
