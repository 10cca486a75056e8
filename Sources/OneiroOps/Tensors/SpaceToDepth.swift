import OneiroGraph

/// SpaceToDepth, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html
///
/// Blocks of pixels become channels: [N, C, H, W] to [N, b² C, H / b, W / b]. In the output's
/// channels, the place in the block counts slower than the input's channel (`DCR`) or faster (`CRD`).
public enum SpaceToDepth: Operator {
  public static let schema = OpSchema(
    "SpaceToDepth", since: 13, inputs: [.one("input", "T")], outputs: [.one("output", "T")],
    attributes: [.required("blocksize", .int), .string("mode", default: "DCR")], types: ["T": .beforeFloat8])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let shape = try SpaceBlocks.shape(node)
    let size = try node.checking("attribute blocksize", try SpaceBlocks.size(node.attributes))
    _ = try node.checking("attribute mode", try SpaceBlocks.isDepthFirst(node.attributes))
    let height = try node.checking(node.subject(0), try SpaceBlocks.divided(shape[2], by: size, axis: 2))
    let width = try node.checking(node.subject(0), try SpaceBlocks.divided(shape[3], by: size, axis: 3))
    return [.tensor(try node.elementType(0), [shape[0], SpaceBlocks.times(shape[1], size * size), height, width])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), size = try SpaceBlocks.size(call.attributes)
    guard x.rank == 4 else { throw call.fails("expected a tensor of rank 4, found shape \(Shape.text(x.dims))") }
    let (n, c) = (x.dims[0], x.dims[1])
    let h = try SpaceBlocks.divided(x.dims[2], by: size, axis: 2),
      w = try SpaceBlocks.divided(x.dims[3], by: size, axis: 3)
    let dims = [n, c &* (size * size), h, w]
    _ = try call.elementCount(dims, of: x.elementType)
    let order = try SpaceBlocks.isDepthFirst(call.attributes) ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]
    return [SpaceBlocks.rearranged(x, split: [n, c, h, size, w, size], order: order, dims: dims)]
  }
}
