import OneiroGraph

/// How one axis of a Resize changes.
struct ResizeAxis {
  let inputExtent: Int
  let outputExtent: Int
  /// Output elements for each input element, as given or as the sizes make it.
  let scale: Double
  /// The output's extent before it was cut to a whole number.
  let length: Double
  /// The part of the input to take, as fractions of it; only `tf_crop_and_resize` looks at it.
  let regionStart: Double
  let regionEnd: Double

  /// The axis stays as it is, so its values need no arithmetic.
  var isIdentity: Bool { scale == 1 && inputExtent == outputExtent && regionStart == 0 && regionEnd == 1 }

  /// Whether the place lies outside the input, where `tf_crop_and_resize` puts a constant.
  func isExtrapolated(_ place: Double, _ sampling: ResizeSampling) -> Bool {
    sampling.coordinates == .tfCropAndResize && !(place >= 0 && place <= Double(inputExtent - 1))
  }

  /// One for each axis of the input. Of `scales` and `sizes` exactly one has elements.
  static func all(
    _ dims: [Int], _ attributes: NodeAttributes, scales: [Double], sizes: [Int], roi: [Double]?
  ) throws(KernelError) -> [ResizeAxis] {
    let named = try Shape.axes(attributes.ints("axes") ?? Array(dims.indices), rank: dims.count)
    guard scales.isEmpty != sizes.isEmpty || named.isEmpty else {
      throw KernelError("expected either scales or sizes, found \(scales.isEmpty ? "neither" : "both")")
    }
    let given = sizes.isEmpty ? scales.count : sizes.count
    guard given == named.count else {
      throw KernelError(
        "\(sizes.isEmpty ? "scales" : "sizes"): expected \(named.count) numbers, one for each axis, found \(given)")
    }
    let isCropping = attributes.string("coordinate_transformation_mode") == "tf_crop_and_resize"
    let region = isCropping ? roi : nil
    if let region, region.count != 2 * named.count {
      throw KernelError("roi: expected \(2 * named.count) numbers, starts and ends of the axes, found \(region.count)")
    }
    let targets =
      try sizes.isEmpty
      ? scaled(named.map { dims[$0] }, by: scales)
      : sized(named.map { dims[$0] }, to: sizes, policy: attributes.string("keep_aspect_ratio_policy"))
    var result = dims.map {
      ResizeAxis(inputExtent: $0, outputExtent: $0, scale: 1, length: Double($0), regionStart: 0, regionEnd: 1)
    }
    for (index, axis) in named.enumerated() {
      result[axis] = ResizeAxis(
        inputExtent: dims[axis], outputExtent: targets[index].extent, scale: targets[index].scale,
        length: targets[index].length, regionStart: region?[index] ?? 0, regionEnd: region?[named.count + index] ?? 1)
    }
    return result
  }

  private typealias Target = (extent: Int, scale: Double, length: Double)

  private static func scaled(_ extents: [Int], by scales: [Double]) throws(KernelError) -> [Target] {
    var result: [Target] = []
    for (extent, scale) in zip(extents, scales) {
      // In Float, as the standard's shape inference does: 0.7, which a float cannot hold exactly, makes 7 out of 10.
      let length = (Float(extent) * Float(scale)).rounded(.down)
      guard scale > 0, length < 0x1p62 else { throw KernelError("scales: expected numbers above 0, found \(scale)") }
      result.append((Int(length), scale, scale * Double(extent)))
    }
    return result
  }

  private static func sized(_ extents: [Int], to sizes: [Int], policy: String) throws(KernelError) -> [Target] {
    guard sizes.allSatisfy({ $0 >= 0 }) else { throw KernelError("sizes: expected numbers from 0 up, found \(sizes)") }
    let scales = zip(extents, sizes).map { $0 == 0 ? 1 : Double($1) / Double($0) }
    let common: Double?
    switch policy {
    case "stretch": return zip(sizes, scales).map { ($0, $1, Double($0)) }
    case "not_larger": common = scales.min()
    case "not_smaller": common = scales.max()
    default:
      throw KernelError("keep_aspect_ratio_policy: expected stretch, not_larger or not_smaller, found \"\(policy)\"")
    }
    let scale = common ?? 1
    var result: [Target] = []
    for extent in extents {
      let length = scale * Double(extent), rounded = (length + 0.5).rounded(.down)
      guard rounded < 0x1p62 else { throw KernelError("sizes: an axis would have \(rounded) elements") }
      result.append((Int(rounded), scale, length))
    }
    return result
  }
}
