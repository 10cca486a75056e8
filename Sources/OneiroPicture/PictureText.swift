extension Picture {
  /// How much room a line of text takes.
  /// - scale: pixels for each pixel of a letter.
  public static func textSize(_ text: String, scale: Int = 1) -> (width: Int, height: Int) {
    (text.isEmpty ? 0 : (text.count * BitmapFont.advance - 1) * scale, BitmapFont.height * scale)
  }

  /// Writes a line of text, its top left corner at (x, y). What lies outside the picture is cut off.
  public mutating func write(_ text: String, x: Int, y: Int, scale: Int = 1, colour: Colour = .white) {
    for (index, letter) in text.enumerated() {
      for (row, bits) in BitmapFont.rows(of: letter).enumerated() {
        for column in 0..<BitmapFont.width where bits >> UInt8(BitmapFont.width - 1 - column) & 1 == 1 {
          fill(
            x: x + (index * BitmapFont.advance + column) * scale, y: y + row * scale, width: scale, height: scale,
            colour)
        }
      }
    }
  }

  /// Every pixel `factor` times as wide and as high.
  public func enlarged(by factor: Int) -> Picture {
    guard factor > 1 else { return self }
    var result = Picture(width: width * factor, height: height * factor, filledWith: .black)
    for row in 0..<result.height {
      for column in 0..<result.width {
        let from = (row / factor * width + column / factor) * 3
        let to = (row * result.width + column) * 3
        for channel in 0..<3 { result.pixels[to + channel] = pixels[from + channel] }
      }
    }
    return result
  }

  /// A rectangle; what lies outside the picture is cut off.
  public mutating func fill(x: Int, y: Int, width: Int, height: Int, _ colour: Colour) {
    for row in max(y, 0)..<max(min(y + height, self.height), max(y, 0)) {
      for column in max(x, 0)..<max(min(x + width, self.width), max(x, 0)) {
        let index = (row * self.width + column) * 3
        pixels[index] = colour.red
        pixels[index + 1] = colour.green
        pixels[index + 2] = colour.blue
      }
    }
  }
}
