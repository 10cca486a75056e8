import OneiroPicture

/// Pictures in rows, each with lines of text below it.
public struct LabelledSheet: Sendable {
  public struct Cell: Sendable {
    public let picture: Picture
    /// Lines below the picture.
    public let lines: [String]

    public init(_ picture: Picture, lines: [String]) {
      self.picture = picture
      self.lines = lines
    }
  }

  /// Small pictures are enlarged to about this width, so that the text is no wider than they are.
  private static let leastWidth = 128

  /// - rows: pictures of one size; rows may be of different lengths.
  public static func draw(_ rows: [[Cell]]) throws(DreamError) -> Picture {
    guard let first = rows.joined().first?.picture, first.width > 0, first.height > 0 else {
      throw .mismatch(at: "sheet", expected: "at least one picture", found: "none")
    }
    for cell in rows.joined() where (cell.picture.width, cell.picture.height) != (first.width, first.height) {
      throw .mismatch(
        at: "sheet: picture \"\(cell.lines.first ?? "")\"",
        expected: "\(first.width) x \(first.height) pixels because the first is",
        found: "\(cell.picture.width) x \(cell.picture.height)")
    }
    let factor = max(1, leastWidth / first.width)
    let (width, height) = (first.width * factor, first.height * factor)
    let scale = max(1, width / 256)
    let texts = rows.joined().map { $0.lines.map { Picture.textSize($0, scale: scale).width }.max() ?? 0 }
    let lineHeight = Picture.textSize("", scale: scale).height + 2 * scale
    let gap = 6 * scale
    let cellWidth = max(width, texts.max() ?? 0) + gap
    let lineCount = rows.joined().map(\.lines.count).max() ?? 0
    let cellHeight = height + 3 * scale + lineCount * lineHeight + gap
    var sheet = Picture(
      width: (rows.map(\.count).max() ?? 0) * cellWidth + gap, height: rows.count * cellHeight + gap,
      filledWith: .black)
    for (row, cells) in rows.enumerated() {
      for (column, cell) in cells.enumerated() {
        let (x, y) = (gap + column * cellWidth, gap + row * cellHeight)
        sheet.place(cell.picture.enlarged(by: factor), x: x, y: y)
        for (line, text) in cell.lines.enumerated() {
          sheet.write(text, x: x, y: y + height + 3 * scale + line * lineHeight, scale: scale)
        }
      }
    }
    return sheet
  }
}
