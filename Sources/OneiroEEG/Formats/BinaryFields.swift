import OneiroGraph

/// Little-endian numbers in a binary header. Offsets lie within the bytes, which callers check once.
struct BinaryFields {
  let bytes: UnsafeRawBufferPointer

  func uint(_ offset: Int, _ width: Int) -> UInt64 {
    (offset..<offset + width).reversed().reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
  }
  func int64(_ offset: Int) -> Int64 { Int64(bitPattern: uint(offset, 8)) }
  func float(_ offset: Int) -> Float { Float(bitPattern: UInt32(uint(offset, 4))) }
  func double(_ offset: Int) -> Double { Double(bitPattern: uint(offset, 8)) }
}
