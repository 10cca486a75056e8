/// An 8-bit RGB picture.
public struct Picture: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// [height, width, 3], the top row first.
  public internal(set) var pixels: [UInt8]

  /// - pixels: exactly height * width * 3 bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(pixels.count == width * height * 3, "\(pixels.count) bytes for \(width) x \(height) pixels")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// A picture of one colour.
  public init(width: Int, height: Int, filledWith colour: Colour) {
    precondition(width >= 0 && height >= 0)
    self.width = width
    self.height = height
    pixels = []
    pixels.reserveCapacity(width * height * 3)
    for _ in 0..<width * height { pixels.append(contentsOf: [colour.red, colour.green, colour.blue]) }
  }

  public struct Colour: Sendable, Equatable {
    public let red: UInt8, green: UInt8, blue: UInt8
    public static let black = Colour(red: 0, green: 0, blue: 0)
    public static let white = Colour(red: 255, green: 255, blue: 255)
    public static let red = Colour(red: 255, green: 0, blue: 0)
    public init(red: UInt8, green: UInt8, blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }
  }

  /// Puts another picture's pixels over this one's, its top left corner at (x, y). It must lie inside.
  public mutating func place(_ other: Picture, x: Int, y: Int) {
    precondition(x >= 0 && y >= 0 && x + other.width <= width && y + other.height <= height, "outside the picture")
    for row in 0..<other.height {
      let from = row * other.width * 3
      let to = ((y + row) * width + x) * 3
      pixels.replaceSubrange(to..<to + other.width * 3, with: other.pixels[from..<from + other.width * 3])
    }
  }
}
