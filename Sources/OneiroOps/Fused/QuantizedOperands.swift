import OneiroGraph

extension InferenceContext {
  /// Activations have one scale and one zero point, as far as that is known.
  func checkOneScale(_ scale: Int, zeroPoint: Int) throws(GraphError) {
    for index in [scale, zeroPoint] {
      guard let dims = try tensor(index).dims, Tensor.elementCount(dims) != 1 else { continue }
      throw fails(index, expected: "one number", found: "shape \(Shape.text(dims))")
    }
  }

  /// Weights have one scale, or one for each of `channels`.
  func checkWeightScales(_ index: Int, channels: Dimension) throws(GraphError) {
    guard let dims = try tensor(index).dims, let count = Tensor.elementCount(dims), let channels = channels.extent,
      count != 1 || dims.count > 1, dims != [channels]
    else { return }
    throw fails(index, expected: "one number, or \(channels)", found: "shape \(Shape.text(dims))")
  }
}
