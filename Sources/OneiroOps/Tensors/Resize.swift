import OneiroGraph

/// Resize, ai.onnx opset 19: https://onnx.ai/onnx/operators/onnx__Resize.html
///
/// Every output element is a weighted sum of input elements near the place it comes from. The weights are a product of
/// one factor for each axis, so the axes are resized one after the other.
public enum Resize: Operator {
  public static let schema = OpSchema(
    "Resize", since: 19,
    inputs: [.one("X", "T1"), .optional("roi", "T2"), .optional("scales", "Tscales"), .optional("sizes", "Tsizes")],
    outputs: [.one("Y", "T1")],
    attributes: [
      .string("mode", default: "nearest"), .string("nearest_mode", default: "round_prefer_floor"),
      .string("coordinate_transformation_mode", default: "half_pixel"), .float("cubic_coeff_a", default: -0.75),
      .int("exclude_outside", default: 0), .int("antialias", default: 0), .float("extrapolation_value", default: 0),
      .string("keep_aspect_ratio_policy", default: "stretch"), .ints("axes"),
    ],
    types: [
      "T1": .beforeFloat8, "T2": ElementTypeSet([.float16, .float32, .float64]), "Tscales": ElementTypeSet([.float32]),
      "Tsizes": .int64,
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    _ = try node.checking(nil, try ResizeSampling(node.attributes))
    guard let shape = x.shape else { return [.tensor(x)] }
    let scales = node.has(2) ? node.value(2)?.doubles() : [], sizes = node.has(3) ? node.ints(3) : []
    if let dims = x.dims, let scales, let sizes {
      let axes = try node.checking(
        nil, try ResizeAxis.all(dims, node.attributes, scales: scales, sizes: sizes, roi: nil))
      return [.tensor(x.elementType, dims: axes.map(\.outputExtent))]
    }
    // Axes that are not named keep their extents; the others follow when their own is known and nothing ties them
    // together.
    let named = try node.checking(
      "attribute axes", try Shape.axes(node.attributes.ints("axes") ?? Array(shape.indices), rank: shape.count))
    var result = shape
    for (index, axis) in named.enumerated() {
      result[axis] = .unknown
      if let scales, index < scales.count, scales[index] == 1 { result[axis] = shape[axis] }
      if let sizes, index < sizes.count, sizes[index] >= 0,
        node.attributes.string("keep_aspect_ratio_policy") == "stretch"
      {
        result[axis] = .known(sizes[index])
      }
    }
    return [.tensor(x.elementType, result)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), sampling = try ResizeSampling(call.attributes)
    let axes = try ResizeAxis.all(
      x.dims, call.attributes, scales: call.optionalTensor(2)?.doubles() ?? [], sizes: call.ints(3) ?? [],
      roi: call.optionalTensor(1)?.doubles())
    let dims = axes.map(\.outputExtent)
    guard try call.elementCount(dims, of: x.elementType) > 0 else { return [.empty(x.elementType, dims: dims)] }
    guard x.count > 0 else { throw call.fails("X has no elements to take values from") }
    let fill = call.attributes.float("extrapolation_value")
    guard sampling.mode != .nearest else { return [try nearest(x, axes, sampling, fill: fill, call)] }
    guard x.elementType != .string, !x.elementType.isComplex else {
      throw call.fails("elements of type \(x.elementType.name) cannot be interpolated")
    }
    var values = x.doubles(), current = x.dims
    for (index, axis) in axes.enumerated() where !axis.isIdentity {
      var next = current
      next[index] = axis.outputExtent
      _ = try call.elementCount(next, of: .float64)
      values = interpolate(values, current, along: index, axis, sampling, fill: fill)
      current = next
    }
    return [Tensor(x.elementType, doubles: values, dims: dims)]
  }

  private static func nearest(
    _ x: Tensor, _ axes: [ResizeAxis], _ sampling: ResizeSampling, fill: Double, _ call: KernelCall
  ) throws(KernelError) -> Tensor {
    let tables = axes.map { axis in
      axis.isIdentity
        ? Array(0..<axis.inputExtent)
        : (0..<axis.outputExtent).map { output in
          let place = sampling.source(of: output, axis)
          return axis.isExtrapolated(place, sampling) ? -1 : min(max(sampling.nearest(place), 0), axis.inputExtent - 1)
        }
    }
    guard tables.contains(where: { $0.contains(-1) }) else { return x.gathering(tables: tables) }
    guard x.elementType != .string, !x.elementType.isComplex else {
      throw call.fails("elements of type \(x.elementType.name) cannot be extrapolated")
    }
    return x.gathering(tables: tables, fill: Tensor(x.elementType, doubles: [fill], dims: []))
  }

  /// `values` of shape `dims` with one axis resized.
  private static func interpolate(
    _ values: [Double], _ dims: [Int], along index: Int, _ axis: ResizeAxis, _ sampling: ResizeSampling, fill: Double
  ) -> [Double] {
    let outer = Shape.count(dims[..<index]), inner = Shape.count(dims[(index + 1)...])
    let taps = (0..<axis.outputExtent).map { sampling.taps(of: $0, axis) }
    var result = [Double](repeating: fill, count: outer * axis.outputExtent * inner)
    values.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { target in
        for block in 0..<outer {
          for (output, taps) in taps.enumerated() {
            guard let taps else { continue }
            let row = (block * axis.outputExtent + output) * inner
            for column in 0..<inner { target[row + column] = 0 }
            for tap in taps {
              let from = (block * axis.inputExtent + tap.index) * inner
              for column in 0..<inner { target[row + column] += tap.weight * source[from + column] }
            }
          }
        }
      }
    }
    return result
  }
}
