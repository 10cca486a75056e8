import OneiroPicture

extension Picture {
  /// The picture at another size, whatever becomes of its proportions: bilinear, pixels taken as squares.
  /// - antialias: whether a smaller picture averages over all that it leaves out. Without, it looks at four neighbours,
  ///   as the original system does.
  public func resized(width newWidth: Int, height newHeight: Int, antialias: Bool = false) -> Picture {
    precondition(newWidth >= 1 && newHeight >= 1)
    guard (newWidth, newHeight) != (width, height), width > 0, height > 0 else { return self }
    let columns = Self.weights(from: width, to: newWidth, antialias: antialias)
    let rows = Self.weights(from: height, to: newHeight, antialias: antialias)
    var wide = [Double](repeating: 0, count: height * newWidth * 3)
    for row in 0..<height {
      for (column, (first, weights)) in columns.enumerated() {
        for channel in 0..<3 {
          var sum = 0.0
          for (offset, weight) in weights.enumerated() {
            sum += weight * Double(pixels[(row * width + first + offset) * 3 + channel])
          }
          wide[(row * newWidth + column) * 3 + channel] = sum
        }
      }
    }
    var result = [UInt8](repeating: 0, count: newHeight * newWidth * 3)
    for (row, (first, weights)) in rows.enumerated() {
      for index in 0..<newWidth * 3 {
        var sum = 0.0
        for (offset, weight) in weights.enumerated() { sum += weight * wide[(first + offset) * newWidth * 3 + index] }
        result[row * newWidth * 3 + index] = UInt8(min(max(sum.rounded(.toNearestOrEven), 0), 255))
      }
    }
    return Picture(width: newWidth, height: newHeight, pixels: result)
  }

  /// For each new pixel, where the old ones begin that it is made of, and their weights, which sum to one.
  private static func weights(from old: Int, to new: Int, antialias: Bool) -> [(first: Int, weights: [Double])] {
    let scale = Double(old) / Double(new)
    let reach = antialias ? max(scale, 1) : 1
    return (0..<new).map { index in
      // At the border, an old pixel stands for those that would lie outside.
      let limit = antialias ? 0.0 : 0.5
      let centre = max((Double(index) + 0.5) * scale, limit)
      let first = max(Int((centre - reach + 0.5).rounded(.down)), 0)
      let last = min(Int((centre + reach - 0.5).rounded(.up)), old - 1)
      let weights = (min(first, old - 1)...max(last, min(first, old - 1))).map {
        max(0, 1 - abs(Double($0) + 0.5 - centre) / reach)
      }
      let sum = weights.reduce(0, +)
      return (min(first, old - 1), sum > 0 ? weights.map { $0 / sum } : [1] + weights.dropFirst().map { _ in 0 })
    }
  }
}
