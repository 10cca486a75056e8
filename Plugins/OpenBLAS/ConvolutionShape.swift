/// One spatial axis of a convolution. Output position o reads the inputs o * stride - padBegin + t * dilation for
/// every kernel tap t; those outside 0 ..< input count as 0.
struct ConvolutionAxis {
  var input = 1
  var output = 1
  var kernel = 1
  var stride = 1
  var dilation = 1
  var padBegin = 0

  /// The kernel reads every input exactly where it writes it.
  var isIdentity: Bool { kernel == 1 && stride == 1 && padBegin == 0 && input == output }
}

/// The three spatial axes; those that a 1-D or 2-D convolution lacks are in front and one element long.
struct ConvolutionAxes {
  var depth = ConvolutionAxis()
  var height = ConvolutionAxis()
  var width = ConvolutionAxis()

  init(_ axes: [ConvolutionAxis]) {
    width = axes[axes.count - 1]
    if axes.count > 1 { height = axes[axes.count - 2] }
    if axes.count > 2 { depth = axes[axes.count - 3] }
  }

  var inputCount: Int { depth.input * height.input * width.input }
  var outputCount: Int { depth.output * height.output * width.output }
  var kernelCount: Int { depth.kernel * height.kernel * width.kernel }
  var isIdentity: Bool { depth.isIdentity && height.isIdentity && width.isIdentity }
}

/// How ONNX's `auto_pad` sizes the output and shares out the padding.
enum AutoPad: String {
  case notSet = "NOTSET"
  case sameUpper = "SAME_UPPER"
  case sameLower = "SAME_LOWER"
  case valid = "VALID"
}

extension ConvolutionAxis {
  /// - pads: zeros before and after, only looked at for `.notSet`.
  init(
    input: Int, kernel: Int, stride: Int, dilation: Int, pads: (begin: Int, end: Int), autoPad: AutoPad
  ) throws(Refusal) {
    // Below these bounds no product or sum here can overflow Int.
    for value in [stride, dilation, kernel, input] where value < 1 || value > Int(Int32.max) {
      throw Refusal("expected spatial extents, kernel extents, strides and dilations in 1 ..< 2^31, found \(value)")
    }
    for value in [pads.begin, pads.end] where value < 0 || value > Int(Int32.max) {
      throw Refusal("expected pads in 0 ..< 2^31, found \(value)")
    }
    self.init(input: input, kernel: kernel, stride: stride, dilation: dilation)
    let reach = (kernel - 1) * dilation + 1  // inputs from a kernel's first tap to its last
    switch autoPad {
    case .notSet, .valid:
      let (begin, end) = autoPad == .valid ? (0, 0) : pads
      let padded = input + begin + end
      guard padded >= reach else {
        throw Refusal("the kernel reaches over \(reach) inputs, but with padding there are \(padded)")
      }
      output = (padded - reach) / stride + 1
      padBegin = begin
    case .sameUpper, .sameLower:
      output = (input + stride - 1) / stride
      let total = max((output - 1) * stride + reach - input, 0)
      padBegin = autoPad == .sameUpper ? total / 2 : total - total / 2
    }
  }
}
