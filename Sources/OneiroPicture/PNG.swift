import CPicture
import OneiroGraph
import OneiroModel

/// Pictures in the PNG format, by libpng.
public enum PNG {
  /// One note in a file, "seed" and "7". The key is 1 to 79 characters of ASCII.
  public struct Text: Sendable, Equatable {
    public let key: String, value: String
    public init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }

  /// The bytes of a file with the picture and the notes.
  public static func encode(_ picture: Picture, text: [Text] = []) throws(GraphError) -> [UInt8] {
    guard let width = UInt32(exactly: picture.width), let height = UInt32(exactly: picture.height) else {
      throw .mismatch("PNG", expected: "a size of 32 bits", found: "\(picture.width) x \(picture.height)")
    }
    let keys = text.map { Array($0.key.utf8CString) }
    let values = text.map { Array($0.value.utf8CString) }
    var file: UnsafeMutablePointer<UInt8>?
    var fileSize = 0
    let problem = withCStrings(keys) { keys in
      withCStrings(values) { values in
        catchingError { error, errorSize in
          cpicture_encode_png(
            picture.pixels, width, height, keys, values, Int32(text.count), &file, &fileSize, error, errorSize)
        }
      }
    }
    if let problem { throw .invalid(file: "PNG", nil, problem) }
    defer { cpicture_free(file) }
    return Array(UnsafeBufferPointer(start: file, count: fileSize))
  }

  /// The picture in the bytes of a file, of whatever kind of PNG it is; what is transparent becomes black.
  /// - name: what messages call the file.
  public static func decode(_ file: UnsafeRawBufferPointer, name: String) throws(GraphError) -> Picture {
    var rgb: UnsafeMutablePointer<UInt8>?
    var width: UInt32 = 0
    var height: UInt32 = 0
    let problem = catchingError { error, errorSize in
      cpicture_decode_png(
        file.baseAddress?.assumingMemoryBound(to: UInt8.self), file.count, maxPixels, &rgb, &width, &height, error,
        errorSize)
    }
    if let problem { throw .invalid(file: name, nil, problem) }
    defer { cpicture_free(rgb) }
    let byteCount = Int(width) * Int(height) * 3
    let pixels = Array(UnsafeBufferPointer(start: rgb, count: byteCount))
    return Picture(width: Int(width), height: Int(height), pixels: pixels)
  }

  /// 16384 x 16384: a damaged header cannot ask for more memory than this.
  private static let maxPixels: UInt64 = 1 << 28

  /// Runs a function of CPicture; what it complains about, or `nil`.
  private static func catchingError(_ body: (UnsafeMutablePointer<CChar>, Int) -> Int32) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { error in
      body(error.baseAddress!, error.count) == 0 ? nil : String(cString: error.baseAddress!)
    }
  }

  private static func withCStrings<R>(
    _ strings: [[CChar]], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R
  ) -> R {
    // One block for all of them, so that every pointer stays valid.
    let joined = strings.flatMap { $0 }
    return joined.withUnsafeBufferPointer { memory in
      var start = 0
      var pointers: [UnsafePointer<CChar>?] = strings.map { string in
        defer { start += string.count }
        return memory.baseAddress.map { $0 + start }
      }
      pointers.append(nil)
      return body(pointers)
    }
  }
}

extension PNG {
  /// Writes a file that appears when it is complete.
  public static func write(_ picture: Picture, to path: String, text: [Text] = []) throws(GraphError) {
    try AtomicFile.write(try encode(picture, text: text), to: path)
  }

  public static func read(_ path: String) throws(GraphError) -> Picture {
    try MappedFile(path).withBytes { (bytes) throws(GraphError) in try decode(bytes, name: path) }
  }
}
