import OneiroGraph

extension InferenceContext {
  /// Activations have one scale and one zero point, as far as that is known.
  func checkOneScale(_ scale: Int, zeroPoint: Int) throws(GraphError) {
    for index in [scale, zeroPoint] {
      guard let dims = try tensor(index).dims, Tensor.elementCount(dims) != 1 else { continue }
      throw fails(index, expected: "one number", found: "shape \(Shape.text(dims))")
    }
  }

  /// The element type of a result that is quantized where `scale` is given, with the zero point behind it.
  func quantizedOutput(_ scale: Int) throws(GraphError) -> ElementType {
    guard has(scale) else { return .float32 }
    guard has(scale + 1) else {
      try checkOneScale(scale, zeroPoint: scale)
      return .uint8
    }
    try checkOneScale(scale, zeroPoint: scale + 1)
    return try elementType(scale + 1)
  }

  /// Weights have one scale, or one for each of `channels`, and as many zero points, where these are given.
  func checkWeightScales(_ scale: Int, zeroPoint: Int, channels: Dimension) throws(GraphError) {
    guard let dims = try tensor(scale).dims, let count = Tensor.elementCount(dims) else { return }
    if let channels = channels.extent, count != 1 || dims.count > 1, dims != [channels] {
      throw fails(scale, expected: "one number, or \(channels)", found: "shape \(Shape.text(dims))")
    }
    guard has(zeroPoint), let given = try tensor(zeroPoint).dims, Tensor.elementCount(given) != count else { return }
    throw fails(
      zeroPoint, expected: "\(count) numbers, as there are scales", found: "shape \(Shape.text(given))")
  }
}
