import OneiroGraph

extension DecodedImage {
  /// A bitmap of Windows, 24 or 32 bits a pixel and not compressed. Rows are padded to 4 bytes and stand from the
  /// bottom up, unless the height is negative.
  static func bmp(_ file: [UInt8]) throws(KernelError) -> DecodedImage? {
    guard file.count >= 54 else { return nil }
    func number(_ offset: Int, _ width: Int) -> Int {
      (0..<width).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) }
    }
    func signed(_ offset: Int) -> Int { Int(Int32(truncatingIfNeeded: number(offset, 4))) }
    let start = number(10, 4), width = signed(18), signedHeight = signed(22), height = abs(signedHeight)
    let bits = number(28, 2), compression = number(30, 4)
    guard bits == 24 || bits == 32, compression == 0 else {
      throw KernelError(
        "expected a BMP file of 24 or 32 bits a pixel, not compressed, found \(bits) bits and compression \(compression)"
      )
    }
    guard let count = pixelCount(width, height) else { return nil }
    let step = bits / 8, rowBytes = (width * step + 3) / 4 * 4
    guard start <= file.count, file.count - start >= rowBytes * height else { return nil }
    var rgb: [UInt8] = []
    rgb.reserveCapacity(3 * count)
    for row in 0..<height {
      let line = start + (signedHeight < 0 ? row : height - 1 - row) * rowBytes
      for column in 0..<width {
        let blue = line + column * step
        rgb += [file[blue + 2], file[blue + 1], file[blue]]
      }
    }
    return DecodedImage(width: width, height: height, rgb: rgb)
  }
}
