import CDNNL

/// What QuantizedGemm and QuantizedConv do with a product: activation(x * w + bias + Z), quantized with y_scale.
struct QuantizedProduct {
  let operands: QuantizedOperands
  private let node: Node
  private let activation: dnnl_alg_kind_t?

  static let added = 6
  private static let weightsZeroPoint = 7, yScale = 8

  /// - channels, depth: as of the operands.
  init(_ node: Node, channels: Int, depth: Int) throws(KernelError) {
    self.node = node
    operands = try QuantizedOperands(node, channels: channels, depth: depth, yScale: Self.yScale)
    guard !node.hasInput(Self.weightsZeroPoint) else {
      throw .unsupported("weights have zero points, and oneDNN takes none of theirs")
    }
    guard !node.hasInput(Self.added) || node.inputType(Self.added) == .float32 else {
      throw .unsupported("Z is not float32")
    }
    let name = node.string("activation", default: "")
    // A NaN becomes 0 in oneDNN's Relu. What a byte is for a NaN, nothing says.
    activation = name == "Relu" && node.hasInput(Self.yScale) ? dnnl_eltwise_relu : try Activation.algorithm(name)
  }

  /// The bias and Z, where there are any.
  /// - bias, added: as they broadcast to Y.
  func additions(
    bias: MemoryDescription, added: MemoryDescription
  ) -> [(input: Int, description: MemoryDescription)] {
    [(QuantizedOperands.bias, bias), (Self.added, added)].filter { node.hasInput($0.0) }
  }

  /// - isFinal: as of the operands' attributes.
  func operations(isFinal: Bool, adding added: [MemoryDescription]) throws(KernelError) -> [PostOperation] {
    added.map(PostOperation.add) + (activation.map { [.activation($0)] } ?? [])
      + (try operands.quantization(isFinal: isFinal))
  }
}
