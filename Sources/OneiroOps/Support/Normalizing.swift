import OneiroGraph

/// Mean 0 and variance 1 for each row of `width` elements in place; the variance is taken around the mean in a second
/// walk, since the difference of two large sums would lose a small one.
func normalizeRows(_ values: inout [Double], width: Int, epsilon: Double) {
  guard width > 0 else { return }
  values.withUnsafeMutableBufferPointer { values in
    for start in stride(from: 0, to: values.count, by: width) {
      let row = start..<start + width
      var sum = 0.0, squares = 0.0
      for index in row { sum += values[index] }
      let mean = sum / Double(width)
      for index in row {
        values[index] -= mean
        squares += values[index] * values[index]
      }
      let inverse = 1 / (squares / Double(width) + epsilon).squareRoot()
      for index in row { values[index] *= inverse }
    }
  }
}

/// values[n, c, ...] = values[n, c, ...] * scale[c] + bias[c] in place, for `plane` elements in each channel.
func scaleChannels(_ values: inout [Double], scale: [Double], bias: [Double], plane: Int) {
  guard !scale.isEmpty else { return }
  values.withUnsafeMutableBufferPointer { values in
    for block in 0..<(plane == 0 ? 0 : values.count / plane) {
      let factor = scale[block % scale.count], summand = bias[block % scale.count]
      for index in block * plane..<(block + 1) * plane { values[index] = values[index] * factor + summand }
    }
  }
}

extension InferenceContext {
  /// The type of input 0, [N, C, ...], with vectors of C elements at the inputs `vectors`.
  func channelled(_ vectors: [Int]) throws(GraphError) -> TensorType {
    let x = try tensor(0)
    if let shape = x.shape {
      guard shape.count >= 2 else {
        throw fails(0, expected: "a batch axis and a channel axis", found: x.shapeText)
      }
      for index in vectors { try requireVector(index, count: shape[1], because: "X has \(shape[1]) channels") }
    }
    return x
  }
}
