import CDNNL

/// An operator that maps each element by itself.
struct Eltwise: Operation {
  private let node: Node
  private let algorithm: dnnl_alg_kind_t
  private let alpha: Float
  private let elementCount: Int

  /// - alpha: oneDNN's parameter of that name; what it means depends on the algorithm.
  init(_ node: Node, _ algorithm: dnnl_alg_kind_t, alpha: Float = 0) throws(KernelError) {
    self.node = node
    self.algorithm = algorithm
    self.alpha = alpha
    elementCount = try node.inputDims(0).elementCount
    guard try node.outputDims(0) == node.inputDims(0) else { throw .unsupported("input and output differ in shape") }
  }

  /// Gelu, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__Gelu.html
  static func gelu(_ node: Node) throws(KernelError) -> Eltwise {
    switch node.string("approximate", default: "none") {
    case "none": return try Eltwise(node, dnnl_eltwise_gelu_erf)
    case "tanh": return try Eltwise(node, dnnl_eltwise_gelu_tanh)
    case let other: throw .unsupported("approximate \(other)")
    }
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    var builder = ProgramBuilder(node, threads: Threads.forElements(elementCount, steps: 10, limit: limit))
    let source = builder.input(0, try .plain([elementCount]))
    let destination = builder.output(0, try .plain([elementCount]))
    try builder.transform(algorithm, source, alpha: alpha, into: destination)
    return builder.finish()
  }
}

extension ProgramBuilder {
  /// Adds destination = f(source), element by element; both have one layout and may be one tensor.
  mutating func transform(
    _ algorithm: dnnl_alg_kind_t, _ source: Int, alpha: Float, into destination: Int
  ) throws(KernelError) {
    var layout = description(of: source)
    var operation = dnnl_eltwise_desc_t()
    try check(
      dnnl_eltwise_forward_desc_init(&operation, dnnl_forward_inference, algorithm, &layout, alpha, 0),
      "describing an element-wise operation")
    try add(
      PrimitiveDescription(operation, PrimitiveAttributes()),
      [(PrimitiveArgument.source, source), (PrimitiveArgument.destination, destination)])
  }
}
