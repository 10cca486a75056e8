import OneiroGraph

/// RoiAlign, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__RoiAlign.html
///
/// Each region of X [N, C, H, W] made [C, output_height, output_width]: a bin is the mean, or the largest weighted
/// element, of points spread over it evenly, each interpolated between four pixels.
public enum RoiAlign: Operator {
  public static let schema = OpSchema(
    "RoiAlign", since: 22, inputs: [.one("X", "T1"), .one("rois", "T1"), .one("batch_indices", "T2")],
    outputs: [.one("Y", "T1")],
    attributes: [
      .string("mode", default: "avg"), .string("coordinate_transformation_mode", default: "half_pixel"),
      .int("output_height", default: 1), .int("output_width", default: 1), .int("sampling_ratio", default: 0),
      .float("spatial_scale", default: 1),
    ],
    types: ["T1": .floats, "T2": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0), rois = try node.tensor(1),
      settings = try node.checking(nil, try Settings(node.attributes))
    if let shape = x.shape, shape.count != 4 { throw node.fails(0, expected: "a tensor of rank 4", found: x.shapeText) }
    if let shape = rois.shape, shape.count != 2 || !shape[1].agrees(with: .known(4)) {
      throw node.fails(1, expected: "shape [regions,4]", found: rois.shapeText)
    }
    let regions = try node.length(2).map(Dimension.known) ?? .unknown
    return [
      .tensor(
        x.elementType,
        [
          rois.shape?[0].merged(with: regions) ?? regions, x.shape?[1] ?? .unknown, .known(settings.height),
          .known(settings.width),
        ])
    ]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), rois = try call.tensor(1), batches = try call.requiredInts(2)
    let settings = try Settings(call.attributes)
    guard x.rank == 4, rois.rank == 2, rois.dims[1] == 4, batches.count == rois.dims[0] else {
      throw call.fails(
        "X \(Shape.text(x.dims)), rois \(Shape.text(rois.dims)) and \(batches.count) batch indices do not go together")
    }
    let (channels, rows, columns) = (x.dims[1], x.dims[2], x.dims[3])
    let dims = [batches.count, channels, settings.height, settings.width]
    let count = try call.elementCount(dims, of: x.elementType)
    guard count > 0 else { return [.empty(x.elementType, dims: dims)] }
    guard x.count > 0 else { throw call.fails("X has no elements to take values from") }
    let input = x.doubles(), corners = rois.doubles()
    var output = [Double](repeating: 0, count: count)
    for region in 0..<batches.count {
      guard batches[region] >= 0, batches[region] < x.dims[0] else {
        throw call.fails("batch_indices: expected 0 ..< \(x.dims[0]), found \(batches[region])")
      }
      let ys = try settings.samples(
        corners[4 * region + 1], corners[4 * region + 3], bins: settings.height, extent: rows)
      let xs = try settings.samples(corners[4 * region], corners[4 * region + 2], bins: settings.width, extent: columns)
      for channel in 0..<channels {
        let plane = (batches[region] * channels + channel) * rows * columns
        for row in 0..<settings.height {
          for column in 0..<settings.width {
            let place = ((region * channels + channel) * settings.height + row) * settings.width + column
            var sum = 0.0, largest = -Double.infinity
            for y in ys[row] {
              for x in xs[column] {
                for (r, wr) in [(y.low, 1 - y.ratio), (y.high, y.ratio)] {
                  for (c, wc) in [(x.low, 1 - x.ratio), (x.high, x.ratio)] {
                    let part = y.isInside && x.isInside ? wr * wc * input[plane + r * columns + c] : 0
                    sum += part
                    largest = max(largest, part)
                  }
                }
              }
            }
            let sampleCount = ys[row].count * xs[column].count
            output[place] = sampleCount == 0 ? 0 : settings.isMean ? sum / Double(sampleCount) : largest
          }
        }
      }
    }
    return [Tensor(x.elementType, doubles: output, dims: dims)]
  }

  /// A point along an axis, between two elements.
  private struct Sample {
    let low, high: Int
    let ratio: Double
    /// Points more than one element outside count as 0.
    let isInside: Bool

    init(_ place: Double, extent: Int) {
      isInside = place >= -1 && place <= Double(extent)
      let inner = isInside ? min(max(place, 0), Double(extent - 1)) : 0
      low = Int(inner)
      high = min(low + 1, extent - 1)
      ratio = inner - Double(low)
    }
  }

  /// The attributes, checked.
  private struct Settings {
    let height, width, samplingRatio: Int
    let isMean, isHalfPixel: Bool
    let scale: Double

    init(_ attributes: NodeAttributes) throws(KernelError) {
      (height, width) = (attributes.int("output_height"), attributes.int("output_width"))
      samplingRatio = attributes.int("sampling_ratio")
      let mode = attributes.string("mode"), coordinates = attributes.string("coordinate_transformation_mode")
      guard height > 0, width > 0, samplingRatio >= 0 else {
        throw KernelError(
          "expected a positive output size and sampling_ratio from 0 up, found \(height), \(width), \(samplingRatio)")
      }
      guard mode == "avg" || mode == "max" else { throw KernelError("mode: expected avg or max, found \"\(mode)\"") }
      guard coordinates == "half_pixel" || coordinates == "output_half_pixel" else {
        throw KernelError(
          "coordinate_transformation_mode: expected half_pixel or output_half_pixel, found \"\(coordinates)\"")
      }
      (isMean, isHalfPixel, scale) = (mode == "avg", coordinates == "half_pixel", attributes.float("spatial_scale"))
    }

    /// For each bin between two corners, the points in it.
    func samples(_ start: Double, _ end: Double, bins: Int, extent: Int) throws(KernelError) -> [[Sample]] {
      let shift = isHalfPixel ? 0.5 : 0
      let first = start * scale - shift
      var length = end * scale - shift - first
      if !isHalfPixel { length = max(length, 1) }
      let size = length / Double(bins)
      let perBin = samplingRatio > 0 ? Double(samplingRatio) : max(size.rounded(.up), 0)
      guard first.isFinite, perBin.isFinite, perBin * Double(bins) <= 0x1p24 else {
        throw KernelError("a region from \(start) to \(end) needs too many points")
      }
      return (0..<bins).map { bin in
        (0..<Int(perBin)).map {
          Sample(first + Double(bin) * size + (Double($0) + 0.5) * size / perBin, extent: extent)
        }
      }
    }
  }
}
