import OneiroGraph

/// A change of one weight: alpha/rank · up·down. Weights are matrices here: [out,in], and for a convolution
/// [out, in·height·width].
struct LowRankUpdate: Sendable {
  struct Part: Sendable {
    let key: String
    let tensor: CheckpointTensor

    var what: String { "key \"\(key)\"" }
  }
  let up: Part
  let down: Part
  let middle: Part?
  let rank: Int
  /// alpha/rank
  let factor: Double

  /// Checks the parts against each other.
  init(_ parts: [LoRAKey.Role: Part], settings: PEFTSettings) throws(GraphError) {
    guard let up = parts[.up], let down = parts[.down] else {
      let present = parts.values.min { $0.key < $1.key }!
      let missing = [LoRAKey.Role.down, .up].filter { parts[$0] == nil }.map(\.rawValue).joined(separator: " and ")
      throw .mismatch(present.what, expected: "a down and an up weight for this module", found: "no \(missing)")
    }
    self.up = up
    self.down = down
    middle = parts[.middle]
    for part in [up, down] + (middle.map { [$0] } ?? []) {
      guard part.tensor.elementType.isFloatingPoint else {
        throw .mismatch(part.what, expected: "floating-point numbers", found: part.tensor.elementType.name)
      }
      guard Tensor.elementCount(part.tensor.dims) != nil else {
        throw .mismatch(part.what, expected: "a shape whose elements can be counted", found: "\(part.tensor.dims)")
      }
    }
    guard down.tensor.dims.count >= 2, down.tensor.dims[0] > 0 else {
      throw .mismatch(
        down.what, expected: "shape [rank, in, ...] with a rank from 1 up", found: "\(down.tensor.dims)")
    }
    let rank = down.tensor.dims[0]
    self.rank = rank
    let because = "\"\(down.key)\" has shape \(down.tensor.dims)"
    guard up.tensor.dims.count >= 2, Self.extents(up.tensor.dims) == Self.trimmed([rank]) else {
      throw .mismatch(
        up.what, expected: "shape [out, \(rank)] or [out, \(rank), 1, 1]", found: "\(up.tensor.dims)", because: because)
    }
    if let middle {
      guard Array(middle.tensor.dims.prefix(2)) == [rank, rank] else {
        throw .mismatch(
          middle.what, expected: "shape [\(rank), \(rank), height, width]", found: "\(middle.tensor.dims)",
          because: because)
      }
      guard down.tensor.dims.dropFirst(2).allSatisfy({ $0 == 1 }) else {
        throw .mismatch(
          down.what, expected: "shape [rank, in, 1, 1]", found: "\(down.tensor.dims)",
          because: "\"\(middle.key)\" has the height and width")
      }
    }
    let alpha = try parts[.alpha].map { (part) throws(GraphError) in try Self.number(part) } ?? settings.alpha
    factor = alpha.map { $0 / (settings.dividesByRoot ? Double(rank).squareRoot() : Double(rank)) } ?? 1
    guard factor.isFinite else {
      throw .mismatch(parts[.alpha]?.what ?? "alpha", expected: "a finite number", found: "\(alpha!)")
    }
  }

  private static func number(_ part: Part) throws(GraphError) -> Double {
    let type = part.tensor.elementType
    guard Tensor.elementCount(part.tensor.dims) == 1, type.isFloatingPoint || type.isInteger else {
      throw .mismatch(part.what, expected: "a single number", found: part.tensor.description)
    }
    return try part.tensor.read().doubles()[0]
  }

  /// Refuses a weight of another shape. A linear layer and a 1x1 convolution are the same here.
  func check(fits weight: CheckpointTensor, named name: String) throws(GraphError) {
    let because = "\"\(name)\" has shape \(weight.dims)"
    guard ElementTypeSet.floats.contains(weight.elementType), weight.dims.count >= 2 else {
      throw .mismatch(
        down.what, expected: "a matrix or a convolution of 16-bit floats or wider to change",
        found: "\"\(name)\": \(weight)")
    }
    guard Self.extents(columns) == Self.extents(weight.dims) else {
      throw .mismatch(
        down.what, expected: "shape \([rank] + weight.dims.dropFirst())",
        found: "\(columns)" + (middle.map { ", with \"\($0.key)\"" } ?? ""), because: because)
    }
    guard up.tensor.dims[0] == weight.dims[0] else {
      throw .mismatch(
        up.what, expected: "shape [\(weight.dims[0]), \(rank)]", found: "\(up.tensor.dims)", because: because)
    }
  }

  /// The shape of what `up` is multiplied with: [rank, in, height, width].
  private var columns: [Int] {
    guard let middle else { return down.tensor.dims }
    return Array(down.tensor.dims.prefix(2) + middle.tensor.dims.dropFirst(2))
  }

  /// All extents but the first, without ones at the end.
  private static func extents(_ dims: [Int]) -> [Int] { trimmed(dims.dropFirst()) }

  private static func trimmed(_ extents: some BidirectionalCollection<Int>) -> [Int] {
    Array(extents.reversed().drop { $0 == 1 }.reversed())
  }
}

extension LowRankUpdate {
  /// [out,rank]
  func readUp() throws(GraphError) -> [Float] { try Self.floats(up) }

  /// [rank, in·height·width]: `down`, or `down` after which comes the middle.
  func readDown() throws(GraphError) -> [Float] {
    let down = try Self.floats(down)
    guard let middle else { return down }
    let kernel = try Self.floats(middle)
    let channels = down.count / rank, area = kernel.count / (rank * rank)
    var result = [Float](repeating: 0, count: rank * channels * area)
    for outer in 0..<rank {
      for inner in 0..<rank {
        for channel in 0..<channels {
          let factor = down[inner * channels + channel]
          let from = (outer * rank + inner) * area, to = (outer * channels + channel) * area
          for place in 0..<area { result[to + place] += factor * kernel[from + place] }
        }
      }
    }
    return result
  }

  private static func floats(_ part: Part) throws(GraphError) -> [Float] {
    let tensor = try part.tensor.read()
    if tensor.elementType == .float32 { return tensor.elements(of: Float.self) }
    return tensor.doubles().map { Float($0) }
  }
}
