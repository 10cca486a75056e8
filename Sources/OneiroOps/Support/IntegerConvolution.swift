import OneiroGraph

/// Convolution of quantized tensors: input [N, C, spatial...], weight [M, C/group, kernel...].
struct IntegerConvolution {
  static let attributes: [OpSchema.AttributeSchema] = [
    .string("auto_pad", default: "NOTSET"), .ints("dilations"), .int("group", default: 1), .ints("kernel_shape"),
    .ints("pads"), .ints("strides"),
  ]

  /// How one spatial axis is walked.
  struct Axis {
    let stride: Int
    let dilation: Int
    /// Elements of padding before the first one.
    let begin: Int
    let output: Int
  }

  /// The axes that the attributes describe; `nil` for one whose extents are not known.
  /// - Throws: a sentence about the attribute that does not fit.
  static func axes(
    input: [Int?], kernel: [Int?], _ attributes: NodeAttributes
  ) throws(KernelError) -> [Axis?] {
    let rank = input.count
    let strides = try list("strides", rank, default: 1, least: 1, attributes)
    let dilations = try list("dilations", rank, default: 1, least: 1, attributes)
    let pads = try list("pads", 2 * rank, default: 0, least: 0, attributes)
    let automatic = attributes.string("auto_pad")
    guard ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(automatic) else {
      throw KernelError("attribute auto_pad: expected NOTSET, VALID, SAME_UPPER or SAME_LOWER, found \(automatic)")
    }
    var axes: [Axis?] = []
    for axis in 0..<rank {
      guard let extent = input[axis], let width = kernel[axis] else {
        axes.append(nil)
        continue
      }
      let stride = strides[axis], dilation = dilations[axis]
      let (reach, overflow) = dilation.multipliedReportingOverflow(by: width - 1)
      guard width > 0, !overflow, reach < 1 << 46, extent < 1 << 46 else {
        throw KernelError("a kernel \(width) wide with dilation \(dilation) does not work")
      }
      if automatic.hasPrefix("SAME") {
        let output = (extent + stride - 1) / stride
        let total = max(0, (output - 1) * stride + reach + 1 - extent)
        axes.append(
          Axis(
            stride: stride, dilation: dilation, begin: automatic == "SAME_UPPER" ? total / 2 : total - total / 2,
            output: output))
      } else {
        let padding = automatic == "VALID" ? (0, 0) : (pads[axis], pads[axis + rank])
        let room = extent + padding.0 + padding.1 - reach - 1
        guard room >= 0 else {
          throw KernelError("the kernel is wider than the padded input along spatial axis \(axis)")
        }
        axes.append(Axis(stride: stride, dilation: dilation, begin: padding.0, output: room / stride + 1))
      }
    }
    return axes
  }

  private static func list(
    _ name: String, _ count: Int, default value: Int, least: Int, _ attributes: NodeAttributes
  ) throws(KernelError) -> [Int] {
    guard let given = attributes.ints(name), !given.isEmpty else { return [Int](repeating: value, count: count) }
    guard given.count == count, given.allSatisfy({ $0 >= least && $0 <= Int(Int32.max) }) else {
      throw KernelError("attribute \(name): expected \(count) numbers from \(least) up, found \(given)")
    }
    return given
  }

  /// [N, M, output...]
  let dims: [Int]
  private let input: [Int]
  private let weight: [Int]
  private let group: Int
  private let axes: [Axis]

  init(input: [Int], weight: [Int], _ attributes: NodeAttributes) throws(KernelError) {
    group = attributes.int("group")
    guard input.count >= 3, weight.count == input.count, group > 0, weight[0] % group == 0, input[1] % group == 0,
      input[1] / group == weight[1]
    else {
      throw KernelError(
        "a weight of shape \(Shape.text(weight)) in \(group) groups does not fit an input of shape \(Shape.text(input))"
      )
    }
    self.input = input
    self.weight = weight
    axes = try Self.axes(input: Array(input[2...]), kernel: Array(weight[2...]), attributes).compactMap { $0 }
    dims = [input[0], weight[0]] + axes.map(\.output)
    guard let count = Tensor.elementCount(dims), count < 1 << 43 else {
      throw KernelError("the output would have shape \(Shape.text(dims)), which is too large")
    }
  }

  /// The sums of products, zero points taken off both operands before.
  func callAsFunction(_ x: [Double], _ w: [Double]) -> [Double] {
    let spatial = Array(input[2...]), kernel = Array(weight[2...]), outputs = axes.map(\.output)
    let plane = Shape.count(spatial), taps = Shape.count(kernel), outputPlane = Shape.count(outputs)
    let channels = weight[1], filters = weight[0] / group
    var y = [Double](repeating: 0, count: Shape.count(dims))
    guard !y.isEmpty else { return y }
    // For one tap: where each output reads its plane, or -1 in the padding.
    var sources = [Int](repeating: -1, count: outputPlane)
    let kernelStrides = Shape.strides(kernel), outputStrides = Shape.strides(outputs),
      inputStrides = Shape.strides(spatial)
    for tap in 0..<taps {
      for output in 0..<outputPlane {
        var source = 0
        for (index, axis) in axes.enumerated() {
          let step = tap / kernelStrides[index] % kernel[index], place = output / outputStrides[index] % outputs[index]
          let position = place * axis.stride - axis.begin + step * axis.dilation
          guard position >= 0, position < spatial[index] else {
            source = -1
            break
          }
          source += position * inputStrides[index]
        }
        sources[output] = source
      }
      for image in 0..<input[0] {
        for filter in 0..<weight[0] {
          let target = (image * weight[0] + filter) * outputPlane
          for channel in 0..<channels {
            let factor = w[(filter * channels + channel) * taps + tap]
            let start = (image * input[1] + filter / filters * channels + channel) * plane
            for output in 0..<outputPlane where sources[output] >= 0 {
              y[target + output] += factor * x[start + sources[output]]
            }
          }
        }
      }
    }
    return y
  }
}

extension InferenceContext {
  /// The output shape of a convolution of input `x` with the weight at input `w`.
  func integerConvolution(_ x: Int, _ w: Int) throws(GraphError) -> [Dimension]? {
    guard let input = try shape(x), let weight = try shape(w) else { return nil }
    guard input.count >= 3 else { throw fails(x, expected: "rank 3 or more", found: "rank \(input.count)") }
    guard weight.count == input.count else {
      throw fails(w, expected: "rank \(input.count)", found: "rank \(weight.count)", because: "the input has that rank")
    }
    do {
      if let dims = TensorType(.int8, input).dims, let kernel = TensorType(.int8, weight).dims {
        return try IntegerConvolution(input: dims, weight: kernel, attributes).dims.map(Dimension.known)
      }
      let axes = try IntegerConvolution.axes(
        input: input[2...].map(\.extent), kernel: weight[2...].map(\.extent), attributes)
      return [input[0], weight[0]] + axes.map { $0.map { .known($0.output) } ?? .unknown }
    } catch {
      throw .invalid(node: node, subject(w), error.description)
    }
  }
}

extension KernelCall {
  /// A convolution weight less its zero point, one for all or one for each filter.
  func centeredFilters(_ weight: Tensor, zeroPoint: Int) throws(KernelError) -> [Double] {
    let values = weight.doubles()
    guard let zeroPoints = optionalTensor(zeroPoint)?.doubles() else { return values }
    guard zeroPoints.count == 1 || zeroPoints.count == weight.dims.first else {
      throw fails("input \(zeroPoint): expected 1 or \(weight.dims.first ?? 1) zero points, found \(zeroPoints.count)")
    }
    let width = max(1, Shape.count(weight.dims.dropFirst()))
    return values.indices.map { values[$0] - zeroPoints[zeroPoints.count == 1 ? 0 : $0 / width] }
  }

  /// A tensor less its zero point, which is a scalar.
  func centeredByScalar(_ tensor: Tensor, zeroPoint: Int) throws(KernelError) -> [Double] {
    guard let point = optionalTensor(zeroPoint)?.doubles() else { return tensor.doubles() }
    guard point.count == 1 else { throw fails("input \(zeroPoint): expected a scalar, found \(point.count) elements") }
    return tensor.doubles().map { $0 - point[0] }
  }
}
