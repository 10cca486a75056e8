import CPicture
import OneiroGraph

/// The pixels of an image file, 3 bytes each, row by row from the top.
package struct DecodedImage {
  package let width, height: Int
  package let rgb: [UInt8]

  /// 16384 x 16384: a damaged header cannot ask for more memory than this.
  static let mostPixels = 1 << 28

  /// What a compressed file of so many bytes may hold: 4096 x 4096 in any case, and 4096 a byte, ten times what the
  /// best compression makes of a plain area in PNG. A few bytes that speak of a huge picture are not worth gigabytes.
  private static func mostPixels(inBytes count: Int) -> Int { min(mostPixels, max(1 << 24, count << 12)) }

  /// - Returns: `nil` for a file that is damaged or of no kind that is known.
  /// - Throws: for a kind that is known but cannot be read.
  package static func decode(_ file: [UInt8]) throws(KernelError) -> DecodedImage? {
    if let format = libraryFormats.first(where: { file.dropFirst($0.at).starts(with: $0.mark) }) {
      return try decode(file, by: format)
    }
    if file.starts(with: Array("BM".utf8)) { return try bmp(file) }
    if file.first == UInt8(ascii: "P"), file.count > 1, (0x31...0x36).contains(file[1]) { return try netpbm(file) }
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

  /// A format that a library reads, and the bytes at some place of a file that tell it.
  private struct LibraryFormat: Sendable {
    let name: String
    let at: Int
    let mark: [UInt8]
    let decoder:
      @Sendable @convention(c) (
        UnsafePointer<UInt8>?, Int, UInt64, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?,
        UnsafeMutablePointer<UInt32>?, UnsafeMutablePointer<UInt32>?, UnsafeMutablePointer<CChar>?, Int
      ) -> Int32
  }

  private static let libraryFormats = [
    LibraryFormat(name: "PNG", at: 0, mark: [0x89, 0x50, 0x4E, 0x47], decoder: cpicture_decode_png),
    LibraryFormat(name: "JPEG", at: 0, mark: [0xFF, 0xD8, 0xFF], decoder: cpicture_decode_jpeg),
    LibraryFormat(name: "JPEG 2000", at: 0, mark: [0xFF, 0x4F, 0xFF, 0x51], decoder: cpicture_decode_jpeg2000),
    LibraryFormat(name: "JPEG 2000", at: 4, mark: Array("jP  ".utf8), decoder: cpicture_decode_jpeg2000),
    LibraryFormat(name: "TIFF", at: 0, mark: Array("II*\0".utf8), decoder: cpicture_decode_tiff),
    LibraryFormat(name: "TIFF", at: 0, mark: Array("MM\0*".utf8), decoder: cpicture_decode_tiff),
    LibraryFormat(name: "WebP", at: 8, mark: Array("WEBP".utf8), decoder: cpicture_decode_webp),
  ]

  private static func decode(_ file: [UInt8], by format: LibraryFormat) throws(KernelError) -> DecodedImage? {
    var rgb: UnsafeMutablePointer<UInt8>?
    var width: UInt32 = 0
    var height: UInt32 = 0
    var sentence = [CChar](repeating: 0, count: 256)
    let status = format.decoder(
      file, file.count, UInt64(mostPixels(inBytes: file.count)), &rgb, &width, &height, &sentence, sentence.count)
    if status == CPICTURE_UNSUPPORTED {
      let reason = sentence.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      throw KernelError("a \(format.name) file that cannot be read: \(reason)")
    }
    guard status == CPICTURE_OK else { return nil }
    defer { cpicture_free(rgb) }
    let pixels = Array(UnsafeBufferPointer(start: rgb, count: Int(width) * Int(height) * 3))
    return DecodedImage(width: Int(width), height: Int(height), rgb: pixels)
  }
}
