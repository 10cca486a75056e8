import CPicture
import OneiroGraph

/// The pixels of an image file, 3 bytes each, row by row from the top.
struct DecodedImage {
  let width, height: Int
  let rgb: [UInt8]

  /// 16384 x 16384: a damaged header cannot ask for more memory than this.
  static let mostPixels = 1 << 28

  /// - Returns: `nil` for a file that is damaged or of no kind that is known.
  /// - Throws: for a kind that is known but cannot be read.
  static func decode(_ file: [UInt8]) throws(KernelError) -> DecodedImage? {
    if file.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return png(file) }
    if file.starts(with: Array("BM".utf8)) { return try bmp(file) }
    if file.first == UInt8(ascii: "P"), file.count > 1, (0x31...0x36).contains(file[1]) { return try netpbm(file) }
    let unread: [(name: String, at: Int, bytes: [UInt8])] = [
      ("JPEG", 0, [0xFF, 0xD8, 0xFF]), ("JPEG 2000", 0, [0xFF, 0x4F, 0xFF, 0x51]), ("JPEG 2000", 4, Array("jP  ".utf8)),
      ("TIFF", 0, Array("II*\0".utf8)), ("TIFF", 0, Array("MM\0*".utf8)), ("WebP", 8, Array("WEBP".utf8)),
    ]
    if let kind = unread.first(where: { file.dropFirst($0.at).starts(with: $0.bytes) }) {
      throw KernelError("expected a PNG, BMP or Netpbm file, found a \(kind.name) file")
    }
    return nil
  }

  /// One byte a pixel: 0.299 R + 0.587 G + 0.114 B in 16 bits after the point, rounded.
  var luminance: [UInt8] {
    (0..<width * height).map { pixel in
      let red = Int(rgb[3 * pixel]), green = Int(rgb[3 * pixel + 1]), blue = Int(rgb[3 * pixel + 2])
      return UInt8((19595 * red + 38470 * green + 7471 * blue + 1 << 15) >> 16)
    }
  }

  /// `nil` for extents that no file of this kind has, or that are too large.
  static func pixelCount(_ width: Int, _ height: Int) -> Int? {
    guard width > 0, height > 0 else { return nil }
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    return overflow || count > mostPixels ? nil : count
  }

  private static func png(_ file: [UInt8]) -> DecodedImage? {
    var rgb: UnsafeMutablePointer<UInt8>?
    var width: UInt32 = 0
    var height: UInt32 = 0
    var sentence = [CChar](repeating: 0, count: 256)
    guard cpicture_decode(file, file.count, UInt64(mostPixels), &rgb, &width, &height, &sentence, sentence.count) == 0
    else { return nil }
    defer { cpicture_free(rgb) }
    let pixels = Array(UnsafeBufferPointer(start: rgb, count: Int(width) * Int(height) * 3))
    return DecodedImage(width: Int(width), height: Int(height), rgb: pixels)
  }
}
