import OneiroPicture

/// Many pictures on one: in each block a row of true pictures with the generated ones below.
public struct ContactSheet: Sendable {
  public struct Entry: Sendable {
    /// The picture that was shown to the person, where it is known.
    public let truth: Picture?
    public let generated: Picture
    /// Whether the generated picture was put in another class than the true one: framed in red.
    public let isWrong: Bool

    public init(truth: Picture? = nil, generated: Picture, isWrong: Bool = false) {
      self.truth = truth
      self.generated = generated
      self.isWrong = isWrong
    }
  }

  /// The sheet that puts pictures beside the true one: a row for each trial, which begins with what was shown.
  /// - rows: the entries of one trial each, all with the same truth.
  public static func draw(rows: [[Entry]]) throws(DreamError) -> Picture {
    let hasTruth = rows.contains { $0.contains { $0.truth != nil } }
    let columns = (rows.map(\.count).max() ?? 0) + (hasTruth ? 1 : 0)
    var cells: [Entry] = []
    for row in rows {
      guard let first = row.first else { continue }
      let blank = Picture(width: first.generated.width, height: first.generated.height, filledWith: .black)
      var line = row.map { Entry(generated: $0.generated, isWrong: $0.isWrong) }
      if hasTruth { line.insert(Entry(generated: first.truth ?? blank), at: 0) }
      line += Array(repeating: Entry(generated: blank), count: columns - line.count)
      cells += line
    }
    return try draw(cells, columns: max(columns, 1))
  }

  /// Pixels between and around the pictures.
  public static let border = 2

  /// - entries: pictures of one size.
  /// - columns: how many stand beside each other; what does not fit goes to the next block.
  public static func draw(_ entries: [Entry], columns: Int) throws(DreamError) -> Picture {
    guard let first = entries.first else {
      throw .mismatch(at: "contact sheet", expected: "at least one picture", found: "none")
    }
    guard columns >= 1 else {
      throw .mismatch(at: "contact sheet: columns", expected: "1 or more", found: "\(columns)")
    }
    let (width, height) = (first.generated.width, first.generated.height)
    for (index, entry) in entries.enumerated() {
      for picture in [entry.truth, entry.generated].compactMap({ $0 })
      where (picture.width, picture.height) != (width, height) {
        throw .mismatch(
          at: "contact sheet: picture \(index)", expected: "\(width) x \(height) pixels because the first is",
          found: "\(picture.width) x \(picture.height)")
      }
    }
    let columns = min(columns, entries.count)
    let blocks = (entries.count + columns - 1) / columns
    let rowsPerBlock = entries.contains { $0.truth != nil } ? 2 : 1
    var sheet = Picture(
      width: columns * (width + border) + border, height: blocks * rowsPerBlock * (height + border) + border,
      filledWith: .black)
    for (index, entry) in entries.enumerated() {
      let x = border + index % columns * (width + border)
      let y = border + index / columns * rowsPerBlock * (height + border)
      if let truth = entry.truth { sheet.place(truth, x: x, y: y) }
      let below = y + (rowsPerBlock - 1) * (height + border)
      if entry.isWrong {
        let frame = Picture(width: width + 2 * border, height: height + 2 * border, filledWith: .red)
        sheet.place(frame, x: x - border, y: below - border)
      }
      sheet.place(entry.generated, x: x, y: below)
    }
    return sheet
  }
}
