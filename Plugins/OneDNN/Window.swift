/// How a convolution or a pooling walks over the spatial axes; one entry an axis in each list.
struct Window {
  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  let padsBegin: [Int]
  let padsEnd: [Int]

  /// oneDNN adds and multiplies these in 32 bits; this leaves it room.
  private static let largest = 1 << 24

  /// The window of a convolution or a pooling.
  /// - input, output: spatial extents.
  init(_ node: Node, kernel: [Int], input: [Int], output: [Int]) throws(KernelError) {
    try self.init(node, kernel: kernel, computesPads: false) { axis, stride, extent in
      max((output[axis] - 1) * stride + extent - input[axis], 0)
    }
  }

  /// The window of a transposed convolution, which walks over its output.
  /// - input, output: spatial extents.
  init(transposed node: Node, kernel: [Int], input: [Int], output: [Int]) throws(KernelError) {
    let padding = try node.ints("output_padding", count: kernel.count, default: 0)
    try self.init(node, kernel: kernel, computesPads: node.hasInts("output_shape")) { axis, stride, extent in
      stride * (input[axis] - 1) + padding[axis] + extent - output[axis]
    }
  }

  /// Reads strides, dilations, auto_pad and pads.
  /// - computesPads: whether pads follow from the shapes even where auto_pad does not say so.
  /// - totalPads: begin and end pads together, from axis, stride, and the kernel's extent with dilation.
  private init(
    _ node: Node, kernel: [Int], computesPads: Bool, totalPads: (Int, Int, Int) -> Int
  ) throws(KernelError) {
    self.kernel = kernel
    strides = try Self.positive(node, "strides", count: kernel.count)
    let dilations = try Self.positive(node, "dilations", count: kernel.count)
    // A single tap has no neighbour to keep its distance from; oneDNN refuses some such windows.
    self.dilations = zip(dilations, kernel).map { $1 == 1 ? 1 : $0 }
    try Self.checkSizes(kernel + strides + self.dilations)
    let autoPad = node.string("auto_pad", default: "NOTSET")
    switch autoPad {
    case "NOTSET" where !computesPads:
      let pads = try node.ints("pads", count: 2 * kernel.count, default: 0)
      padsBegin = Array(pads.prefix(kernel.count))
      padsEnd = Array(pads.suffix(kernel.count))
    case "VALID" where !computesPads:
      padsBegin = Array(repeating: 0, count: kernel.count)
      padsEnd = padsBegin
    case "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER":
      let (strides, dilations) = (strides, self.dilations)
      let totals = kernel.indices.map { totalPads($0, strides[$0], (kernel[$0] - 1) * dilations[$0] + 1) }
      let halves = totals.map { $0 / 2 }
      let rests = totals.map { $0 - $0 / 2 }
      (padsBegin, padsEnd) = autoPad == "SAME_UPPER" ? (halves, rests) : (rests, halves)
    default: throw .unsupported("auto_pad \(autoPad)")
    }
    try Self.checkSizes(extents + padsBegin + padsEnd)
    guard (padsBegin + padsEnd).allSatisfy({ $0 >= 0 }) else {
      throw .unsupported("negative pads \(padsBegin + padsEnd)")
    }
  }

  /// Cells between two taps of the kernel: oneDNN's way to say dilation, where ONNX gives the distance.
  var skippedCells: [Int] { dilations.map { $0 - 1 } }

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

  private static func checkSizes(_ sizes: [Int]) throws(KernelError) {
    guard sizes.allSatisfy({ $0 <= largest }) else {
      throw .unsupported("kernel, strides, dilations or pads exceed \(largest)")
    }
  }

  private static func positive(_ node: Node, _ name: String, count: Int) throws(KernelError) -> [Int] {
    let values = try node.ints(name, count: count, default: 1)
    guard values.allSatisfy({ $0 > 0 }) else { throw .unsupported("\(name) \(values), expected positive values") }
    return values
  }
}
