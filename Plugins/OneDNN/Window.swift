/// How a convolution or a pooling walks over the spatial axes; one entry an axis in each list.
struct Window {
  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  let padsBegin: [Int]
  let padsEnd: [Int]

  /// Reads strides, dilations, pads and auto_pad.
  /// - input, output: spatial extents.
  init(_ node: Node, kernel: [Int], input: [Int], output: [Int]) throws(KernelError) {
    let strides = try Self.positive(node, "strides", count: kernel.count)
    let dilations = try Self.positive(node, "dilations", count: kernel.count)
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    switch node.string("auto_pad", default: "NOTSET") {
    case "NOTSET":
      let pads = try node.ints("pads", count: 2 * kernel.count, default: 0)
      guard pads.allSatisfy({ $0 >= 0 }) else { throw .unsupported("negative pads \(pads)") }
      padsBegin = Array(pads.prefix(kernel.count))
      padsEnd = Array(pads.suffix(kernel.count))
    case "VALID":
      padsBegin = Array(repeating: 0, count: kernel.count)
      padsEnd = padsBegin
    case let same where same == "SAME_UPPER" || same == "SAME_LOWER":
      let totals = kernel.indices.map {
        max((output[$0] - 1) * strides[$0] + (kernel[$0] - 1) * dilations[$0] + 1 - input[$0], 0)
      }
      let smaller = totals.map { $0 / 2 }
      let larger = totals.map { $0 - $0 / 2 }
      (padsBegin, padsEnd) = same == "SAME_UPPER" ? (smaller, larger) : (larger, smaller)
    case let other: throw .unsupported("auto_pad \(other)")
    }
  }

  /// Cells from the first to the last that the kernel touches, dilation included.
  var extents: [Int] { zip(kernel, dilations).map { ($0 - 1) * $1 + 1 } }

  /// End pads with which the last window ends exactly at the padded input's end; the walk visits the same cells.
  /// Negative where the walk leaves cells of the input unvisited.
  func exactPadsEnd(input: [Int], output: [Int]) -> [Int] {
    kernel.indices.map { (output[$0] - 1) * strides[$0] + extents[$0] - input[$0] - padsBegin[$0] }
  }

  /// Whether windows of these pads fit `output` times into `input`.
  func fits(input: [Int], output: [Int]) -> Bool {
    kernel.indices.allSatisfy {
      let room = input[$0] + padsBegin[$0] + padsEnd[$0] - extents[$0]
      return room >= 0 && room / strides[$0] + 1 == output[$0]
    }
  }

  private static func positive(_ node: Node, _ name: String, count: Int) throws(KernelError) -> [Int] {
    let values = try node.ints(name, count: count, default: 1)
    guard values.allSatisfy({ $0 > 0 }) else { throw .unsupported("\(name) \(values), expected positive values") }
    return values
  }
}
