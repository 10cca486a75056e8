import OneiroGraph

/// DFT, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__DFT.html
///
///     y[k] = sum over n of x[n] exp(-2πi kn / N)     along `axis`
///
/// The last axis holds real and imaginary part, or the real part alone. The input is cut or filled with zeros to
/// `dft_length`. `onesided` leaves out the conjugate half of a real signal's spectrum, or with `inverse` takes such a
/// half and gives the real signal back.
public enum DFT: Operator {
  public static let schema = OpSchema(
    "DFT", since: 20, inputs: [.one("input", "T1"), .optional("dft_length", "T2"), .optional("axis", "TA")],
    outputs: [.one("output", "T1")], attributes: [.int("inverse", default: 0), .int("onesided", default: 0)],
    types: ["T1": .floats, "T2": .indices, "TA": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0)
    guard var shape = input.shape else { return [.tensor(input.elementType, nil)] }
    let rank = shape.count
    guard rank >= 2 else { throw node.fails(0, expected: "rank 2 or more", found: "rank \(rank)") }
    if let parts = shape[rank - 1].extent, parts != 1 && parts != 2 {
      throw node.fails(0, expected: "1 or 2 as the last extent", found: "\(parts)")
    }
    let isInverse = node.attributes.bool("inverse"), isOnesided = node.attributes.bool("onesided")
    shape[rank - 1] = .known(isInverse && isOnesided ? 1 : 2)
    guard let axes = node.has(2) ? node.ints(2) : [-2], let first = axes.first else {
      for axis in 0..<rank - 1 { shape[axis] = .unknown }
      return [.tensor(input.elementType, shape)]
    }
    let axis = try node.axis(first, rank: rank, node.subject(2))
    guard axis < rank - 1 else { throw node.fails(2, expected: "an axis before the last", found: "\(first)") }
    var length = node.has(1) ? node.ints(1)?.first : shape[axis].extent
    if !node.has(1), isInverse, isOnesided, let half = length { length = max(0, 2 * (half - 1)) }
    guard let length else {
      shape[axis] = .unknown
      return [.tensor(input.elementType, shape)]
    }
    guard length > 0 else { throw node.fails(1, expected: "1 or more", found: "\(length)") }
    shape[axis] = .known(isOnesided && !isInverse ? length / 2 + 1 : length)
    return [.tensor(input.elementType, shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let input = try call.tensor(0)
    guard input.rank >= 2, let parts = input.dims.last, parts == 1 || parts == 2 else {
      throw call.fails("expected 1 or 2 as the last extent, found shape \(Shape.text(input.dims))")
    }
    let axis = try call.axis(call.ints(2)?.first ?? -2, rank: input.rank)
    guard axis < input.rank - 1 else { throw call.fails("axis: expected one before the last, found \(axis)") }
    let isInverse = call.attributes.bool("inverse"), isOnesided = call.attributes.bool("onesided")
    let extent = input.dims[axis], takesHalf = isInverse && isOnesided
    let length = call.ints(1)?.first ?? (takesHalf ? 2 * (extent - 1) : extent)
    guard length > 0 else { throw call.fails("the length of the transform: expected 1 or more, found \(length)") }
    _ = try call.elementCount([length, 2], of: .float64)

    var dims = input.dims
    dims[input.rank - 1] = takesHalf ? 1 : 2
    dims[axis] = isOnesided && !isInverse ? length / 2 + 1 : length
    var result = [Double](repeating: 0, count: try call.elementCount(dims, of: .float64))
    guard !result.isEmpty else { return [Tensor(input.elementType, doubles: result, dims: dims)] }

    let values = input.doubles(), transform = FourierTransform(length: length, isInverse: isInverse)
    let lines = AxisSplit(Array(input.dims.dropLast()), axis: axis)
    let results = AxisSplit(Array(dims.dropLast()), axis: axis), outputParts = dims[input.rank - 1]
    for block in 0..<results.outer {
      for column in 0..<results.inner {
        var real = [Double](repeating: 0, count: length), imaginary = real
        for index in 0..<min(extent, length) {
          let source = ((block * lines.length + index) * lines.inner + column) * parts
          real[index] = values[source]
          imaginary[index] = parts == 2 ? values[source + 1] : 0
        }
        if takesHalf {
          // The other half of a real signal's spectrum is the conjugate, backwards.
          for index in length / 2 + 1..<max(length, length / 2 + 1) {
            real[index] = real[length - index]
            imaginary[index] = -imaginary[length - index]
          }
        }
        let spectrum = transform(real: real, imaginary: imaginary, count: results.length)
        for index in 0..<results.length {
          let target = ((block * results.length + index) * results.inner + column) * outputParts
          result[target] = spectrum.real[index]
          if outputParts == 2 { result[target + 1] = spectrum.imaginary[index] }
        }
      }
    }
    return [Tensor(input.elementType, doubles: result, dims: dims)]
  }
}
