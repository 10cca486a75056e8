import OneiroGraph

/// An equation such as `bij,bjk->bik`, its labels resolved against the ranks of the operands. A label is a number: that
/// of its letter, or -1, -2, ... for the axes of an ellipsis, counted from the right.
struct EinsumEquation {
  let operands: [[Int]]
  let output: [Int]

  /// - Throws: a sentence about the part that does not fit.
  init(_ text: String, ranks: [Int]) throws(KernelError) {
    let characters = text.unicodeScalars.filter { $0 != " " }
    let pieces = String(String.UnicodeScalarView(characters)).split(separator: "->", omittingEmptySubsequences: false)
    let terms = pieces[0].split(separator: ",", omittingEmptySubsequences: false)
    guard pieces.count <= 2, terms.count == ranks.count else {
      throw KernelError("equation \"\(text)\" does not describe \(ranks.count) operands")
    }
    var operands: [[Int]] = [], ellipsisRank = 0
    for (term, rank) in zip(terms, ranks) {
      let letters = term.unicodeScalars.filter { $0 != "." }.count
      let spare = rank - letters
      let labels = try Self.labels(term, ellipsisRank: max(0, spare))
      guard labels.count == rank else {
        throw KernelError("term \"\(term)\" does not describe an operand of rank \(rank)")
      }
      if term.contains(".") { ellipsisRank = max(ellipsisRank, spare) }
      operands.append(labels)
    }
    self.operands = operands
    if pieces.count == 2 {
      output = try Self.labels(pieces[1], ellipsisRank: ellipsisRank)
    } else {
      // Without an arrow: the axes of the ellipsis, then every letter that occurs once, in alphabetical order.
      let all = operands.flatMap { $0 }
      let once = Set(all.filter { $0 > 0 }).filter { label in all.count { $0 == label } == 1 }
      output = (0..<ellipsisRank).map { $0 - ellipsisRank } + once.sorted()
    }
    guard Set(output).count == output.count, Set(output).isSubset(of: Set(operands.flatMap { $0 })) else {
      throw KernelError("equation \"\(text)\": an output label is repeated or in no operand")
    }
  }

  private static func labels(_ term: Substring, ellipsisRank: Int) throws(KernelError) -> [Int] {
    var labels: [Int] = []
    var rest = term
    while let letter = rest.unicodeScalars.first {
      if rest.hasPrefix("...") {
        labels += (0..<ellipsisRank).map { $0 - ellipsisRank }
        rest = rest.dropFirst(3)
      } else {
        guard letter.isASCII, letter.properties.isAlphabetic else {
          throw KernelError("term \"\(term)\" has a stray \"\(letter)\"")
        }
        labels.append(Int(letter.value))
        rest = rest.dropFirst()
      }
    }
    guard term.components(of: "...") <= 1 else { throw KernelError("term \"\(term)\" has more than one ellipsis") }
    return labels
  }

  /// The extent of every label. An extent of 1 is repeated to fit another operand's.
  func extents(_ shapes: [[Dimension]]) throws(KernelError) -> [Int: Dimension] {
    var extents: [Int: Dimension] = [:]
    for (labels, shape) in zip(operands, shapes) {
      for (label, extent) in zip(labels, shape) {
        guard let other = extents[label], other != .known(1) else {
          extents[label] = extent
          continue
        }
        if extent == .known(1) { continue }
        guard other.agrees(with: extent) else {
          throw KernelError("one label stands for extents \(other) and \(extent)")
        }
        if other.extent == nil { extents[label] = extent.extent == nil && extent != other ? .unknown : extent }
      }
    }
    return extents
  }
}

extension Substring {
  fileprivate func components(of part: String) -> Int {
    var count = 0, rest = self
    while !rest.isEmpty {
      if rest.hasPrefix(part) {
        count += 1
        rest = rest.dropFirst(part.count)
      } else {
        rest = rest.dropFirst()
      }
    }
    return count
  }
}
