import OneiroGraph
import OneiroOps

/// The rows of an image that rows of another are made of.
///
/// At every whole multiple of `stride` rows of the input begin `repeats` rows of the output, wherever in the picture
/// that is: so a band of the input gives a band of the output, but for the rows of the halo at its edges.
struct RowWindow {
  /// Rows of the input above and below those at the same place that are read as well.
  var halo = 0
  var repeats = 1
  var stride = 1
  /// Rows of the output that are computed together, from the picture's first on: how each is rounded hangs on all that
  /// they are made of.
  var tile = 1

  /// Rows of the input around a band of it, for so many around the band of the output.
  func rows(around output: Int) -> Int { (wholeTiles(output) * stride + repeats - 1) / repeats + halo }

  /// Rows of the output that are not right any more when so many at the edge of the input are not.
  func spoilt(by input: Int) -> Int { wholeTiles(((input + halo) * repeats + stride - 1) / stride) }

  private func wholeTiles(_ rows: Int) -> Int { (rows + tile - 1) / tile * tile }

  var isUpsampling: Bool { repeats > stride }
}

extension RowWindow {
  /// Rows of a tile of Winograd's convolution.
  private static let winogradTile = 4

  /// Of a convolution or pooling.
  /// - kernel: its rows and columns.
  /// - isApproximate: whether it may be computed by Winograd's formula.
  /// - Returns: `nil` unless every stride of the input makes one row of the output.
  init?(
    convolution attributes: NodeAttributes, kernel: [Int], isApproximate: Bool = false, from input: [Int],
    to output: [Int]
  ) {
    let stride = attributes.ints("strides")?.first ?? 1, dilation = attributes.ints("dilations")?.first ?? 1
    guard input.count == 4, output.count == 4, input[2] == output[2] * stride else { return nil }
    // From the first row that the kernel reads to the last.
    let reach = (kernel[0] - 1) * dilation
    // Padding above and below.
    let above: Int, below: Int
    switch attributes.string("auto_pad") {
    case "", "NOTSET":
      let pads = attributes.ints("pads") ?? [0, 0, 0, 0]
      guard pads.count == 4 else { return nil }
      (above, below) = (pads[0], pads[2])
    case "SAME_UPPER", "SAME_LOWER":
      let both = max(reach + 1 - stride, 0)
      above = attributes.string("auto_pad") == "SAME_LOWER" ? (both + 1) / 2 : both / 2
      below = both - above
    default: (above, below) = (0, 0)
    }
    guard above >= 0, below >= 0, reach >= 0, stride >= 1, (reach + 1 - stride...reach).contains(above + below) else {
      return nil
    }
    self.init(
      halo: max(above, reach - above - stride + 1, 0), stride: stride,
      tile: isApproximate && kernel == [3, 3] && stride == 1 && dilation == 1 ? Self.winogradTile : 1)
  }

  /// Of a convolution that enlarges its input by two first, each row repeated.
  init?(enlarged attributes: NodeAttributes, kernel: [Int], from input: [Int], to output: [Int]) {
    guard input.count == 4,
      let window = RowWindow(
        convolution: attributes, kernel: kernel, from: [input[0], input[1], 2 * input[2], 2 * input[3]], to: output),
      window.stride == 1
    else { return nil }
    self.init(halo: (window.halo + 1) / 2, repeats: 2)
  }

  /// Of a Resize to a whole multiple, along every axis.
  init?(
    resize node: Node, _ attributes: NodeAttributes, from input: [Int], to output: [Int], _ constants: [String: Tensor]
  ) {
    guard input.count == output.count, attributes.ints("axes") == nil,
      zip(input, output).allSatisfy({ $0 > 0 && $1 % $0 == 0 })
    else { return nil }
    let factors = zip(input, output).map { Double($1 / $0) }
    // Places are computed from the scales as they are given, which may not be those that the extents suggest.
    if node.inputs.count > 2, !node.inputs[2].isEmpty, let scales = constants[node.inputs[2]], scales.count > 0 {
      guard scales.doubles() == factors else { return nil }
    } else {
      guard attributes.string("keep_aspect_ratio_policy") == "stretch" else { return nil }
    }
    let isHalfPixel = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel"]
      .contains(attributes.string("coordinate_transformation_mode"))
    guard isHalfPixel || attributes.string("coordinate_transformation_mode") == "asymmetric" else { return nil }
    let halo: Int
    switch attributes.string("mode") {
    case "nearest":
      // A place is nearest to the row that it lies in, unless it is rounded away from it.
      let rounding = attributes.string("nearest_mode")
      halo = (isHalfPixel ? rounding.hasPrefix("round") : rounding == "floor") ? 0 : 1
    case "linear": halo = 1
    case "cubic": halo = 2
    default: return nil
    }
    self.init(halo: halo, repeats: output[2] / input[2])
  }
}
