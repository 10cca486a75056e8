import OneiroDream
import OneiroPicture
import Testing

@Suite struct SheetTests {
  private func lit(_ picture: Picture) -> [String] {
    (0..<picture.height).map { row in
      String((0..<picture.width).map { picture.pixels[(row * picture.width + $0) * 3] > 0 ? "#" : "." })
    }
  }

  @Test func lettersAreWritten() {
    var picture = Picture(width: 12, height: 9, filledWith: .black)
    picture.write("Lp", x: 0, y: 0)
    #expect(
      lit(picture) == [
        "#...........", "#...........", "#.....####..", "#.....#...#.", "#.....#...#.", "#.....#...#.", "#####.####..",
        "......#.....", "......#.....",
      ])
    #expect(Picture.textSize("Lp", scale: 2) == (22, 18))
  }

  @Test func whatLiesOutsideIsCutOff() {
    var picture = Picture(width: 3, height: 2, filledWith: .black)
    picture.write("=\u{1F600}#", x: -40, y: -70, scale: 3)
    picture.write("L", x: -1, y: -5, scale: 1)
    picture.write("L", x: 2, y: 1, scale: 9)
    #expect(lit(picture) == ["...", "####".prefix(3).description])
  }

  @Test func cellsStandInRows() throws {
    let black = Picture(width: 100, height: 50, filledWith: .black)
    let sheet = try LabelledSheet.draw([
      [.init(black, lines: ["one"])], [.init(black, lines: ["two", "lines"]), .init(black, lines: [])],
    ])
    let wide = try LabelledSheet.draw([[.init(black, lines: [String(repeating: "w", count: 50)])]])
    #expect(sheet.width == 2 * 106 + 6 && wide.width == 50 * 6 - 1 + 12)
    let other = Picture(width: 50, height: 50, filledWith: .red)
    let error = #expect(throws: DreamError.self) {
      try LabelledSheet.draw([[.init(black, lines: []), .init(other, lines: ["odd"])]])
    }
    #expect(
      error?.description
        == "sheet: picture \"odd\": expected 100 x 50 pixels because the first is, found 50 x 50")
    #expect(throws: DreamError.self) { try LabelledSheet.draw([[], []]) }
  }

  @Test func distanceIsTheRootOfTheMeanSquare() throws {
    let one = Picture(width: 1, height: 2, pixels: [0, 10, 20, 255, 0, 100])
    let other = Picture(width: 1, height: 2, pixels: [0, 13, 20, 255, 4, 95])
    #expect(try PictureDistance(one, other).rmse == (50.0 / 6).squareRoot())
    #expect(try PictureDistance(one, one).psnr == .infinity)
    let far = try PictureDistance(
      Picture(width: 2, height: 2, filledWith: .black), Picture(width: 2, height: 2, filledWith: .white))
    #expect(far.rmse == 255 && far.psnr == 0)
    #expect(throws: DreamError.self) { try PictureDistance(one, Picture(width: 2, height: 1, filledWith: .black)) }
  }
}
