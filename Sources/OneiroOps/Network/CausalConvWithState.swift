import OneiroGraph

/// CausalConvWithState, ai.onnx opset 27: https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html
///
///     output[t] = bias + sum over j of weight[j] * x[t - (k - 1) + j]     with SiLU on top, if `activation` says so
///
/// Each channel on its own, where x is past_state, the k - 1 elements before (zeros without it), and then the input.
/// present_state is the last k - 1 elements of x.
/// input: [batch, channels, length]; weight: [channels, 1, k].
public enum CausalConvWithState: Operator {
  public static let schema = OpSchema(
    "CausalConvWithState", since: 27,
    inputs: [.one("input", "T"), .one("weight", "T"), .optional("bias", "T"), .optional("past_state", "T")],
    outputs: [.one("output", "T"), .one("present_state", "T")],
    attributes: [.string("activation", default: "none")],
    types: ["T": ElementTypeSet([.float16, .bfloat16, .float32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(0), activation = node.attributes.string("activation")
    guard ["none", "silu", "swish"].contains(activation) else {
      throw .mismatch(node: node.node, "attribute activation", expected: "none, silu or swish", found: activation)
    }
    let input = try shape(node, 0, expected: .unknown(rank: 3))
    let weight = try shape(node, 1, expected: [input[1], .known(1), .unknown])
    if let width = weight[2].extent, width < 1 { throw node.fails(1, expected: "a width from 1 up", found: "\(width)") }
    let state = [input[0], input[1], weight[2].extent.map { .known($0 - 1) } ?? .unknown]
    if node.has(2) { _ = try shape(node, 2, expected: [input[1]]) }
    if node.has(3) { _ = try shape(node, 3, expected: state) }
    return [.tensor(type, input), .tensor(type, state)]
  }

  private static func shape(_ node: InferenceContext, _ index: Int, expected: [Dimension]) throws(GraphError)
    -> [Dimension]
  {
    guard let shape = try node.shape(index) else { return expected }
    guard shape.count == expected.count, zip(shape, expected).allSatisfy({ $0.agrees(with: $1) }) else {
      throw node.fails(
        index, expected: TensorType(.float32, expected).shapeText, found: TensorType(.float32, shape).shapeText)
    }
    return shape
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)
    let channels = dims[0][1], length = dims[0][2], before = dims[1][2]
    // Empty tensors may have any extents beside their zeros.
    let rows = try call.elementCount([dims[0][0], channels], of: .float64)
    _ = try call.elementCount([before, 2], of: .float64)
    let input = try call.tensor(0), x = input.doubles(), weight = try call.tensor(1).doubles()
    let bias = call.optionalTensor(2)?.doubles(), past = call.optionalTensor(3)?.doubles()
    let isActivated = call.attributes.string("activation") != "none"
    var output: [Double] = [], present: [Double] = []
    for row in 0..<rows {
      let earlier = past.map { Array($0[row * before..<(row + 1) * before]) } ?? [Double](repeating: 0, count: before)
      let line = earlier + x[row * length..<(row + 1) * length]
      let channel = row % channels, taps = channel * (before + 1)
      for start in 0..<length {
        var sum = bias?[channel] ?? 0
        for tap in 0...before { sum += weight[taps + tap] * line[start + tap] }
        output.append(isActivated ? Swish.swish(sum, 1) : sum)
      }
      present += line[length...]
    }
    return [
      Tensor(input.elementType, doubles: output, dims: dims[0]),
      Tensor(input.elementType, doubles: present, dims: dims[1]),
    ]
  }
}
