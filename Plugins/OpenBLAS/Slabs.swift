/// Equal products cut into pieces of nearly equal work, one for each thread.
///
/// The blocks of all results, each cut along its longer side, are laid end to end on one line, and the line is cut:
///
///     result 0              result 1              result 2
///     ├──┬──┬──┬──┬──┬──┬──┼──┬──┬──┬──┬──┬──┬──┼──┬──┬──┬──┬──┬──┬──┤
///     └────────── piece 0 ─────────┘└────────── piece 1 ─────────────┘
///
/// So three results on two threads are one and a half each, and one result is two halves.
struct Slabs {
  let results: Int
  let rows: Int
  let columns: Int
  /// How many pieces there are; 1 when there is too little work to share.
  let pieces: Int

  /// A block is as wide as OpenBLAS's widest inner kernel, so that a cut leaves no ragged edge for it.
  private static let blockExtent = 16

  /// - results: how many equal results of [rows, columns], each a sum over `depth` products; none is empty.
  init(results: Int, rows: Int, columns: Int, depth: Int, threads: Int) {
    self.results = results
    self.rows = rows
    self.columns = columns
    let operations = 2 * Double(results) * Double(rows) * Double(columns) * Double(depth)
    let line = results * Self.blocks(in: max(rows, columns))
    pieces = operations < Backend.worthSpreading ? 1 : min(max(threads, 1), line)
  }

  /// Calls `body` for every part of a result that lies in `piece`.
  func forEachPart(of piece: Int, _ body: (_ result: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Void) {
    let cutsRows = rows > columns
    let extent = cutsRows ? rows : columns
    let perResult = Self.blocks(in: extent)
    let start = boundary(piece, of: results * perResult)
    let end = boundary(piece + 1, of: results * perResult)
    var block = start
    while block < end {
      let result = block / perResult
      let first = block % perResult
      let last = min(perResult, first + end - block)
      let part = first * Self.blockExtent..<min(extent, last * Self.blockExtent)
      body(result, cutsRows ? part : 0..<rows, cutsRows ? 0..<columns : part)
      block += last - first
    }
  }

  /// Where piece `index` starts on a line of `length` blocks; the first pieces take one block more when it does not
  /// divide evenly.
  private func boundary(_ index: Int, of length: Int) -> Int {
    index * (length / pieces) + min(index, length % pieces)
  }

  private static func blocks(in extent: Int) -> Int { (extent + blockExtent - 1) / blockExtent }
}
