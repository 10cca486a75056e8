import OneiroGraph

/// DepthToSpace, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__DepthToSpace.html
///
/// Channels become blocks of pixels: [N, C, H, W] to [N, C / b², H b, W b]. In the input's channels, the place in the
/// block counts slower than the output's channel (`DCR`) or faster (`CRD`).
public enum DepthToSpace: Operator {
  public static let schema = OpSchema(
    "DepthToSpace", since: 13, inputs: [.one("input", "T")], outputs: [.one("output", "T")],
    attributes: [.required("blocksize", .int), .string("mode", default: "DCR")], types: ["T": .beforeFloat8])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let shape = try SpaceBlocks.shape(node)
    let size = try node.checking("attribute blocksize", try SpaceBlocks.size(node.attributes))
    _ = try node.checking("attribute mode", try SpaceBlocks.isDepthFirst(node.attributes))
    let channels = try node.checking(node.subject(0), try SpaceBlocks.divided(shape[1], by: size * size, axis: 1))
    return [
      .tensor(
        try node.elementType(0),
        [shape[0], channels, SpaceBlocks.times(shape[2], size), SpaceBlocks.times(shape[3], size)])
    ]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), size = try SpaceBlocks.size(call.attributes)
    guard x.rank == 4 else { throw call.fails("expected a tensor of rank 4, found shape \(Shape.text(x.dims))") }
    let channels = try SpaceBlocks.divided(x.dims[1], by: size * size, axis: 1)
    let (n, h, w) = (x.dims[0], x.dims[2], x.dims[3]), dims = [n, channels, h &* size, w &* size]
    _ = try call.elementCount(dims, of: x.elementType)
    return [
      try SpaceBlocks.isDepthFirst(call.attributes)
        ? SpaceBlocks.rearranged(x, split: [n, size, size, channels, h, w], order: [0, 3, 4, 1, 5, 2], dims: dims)
        : SpaceBlocks.rearranged(x, split: [n, channels, size, size, h, w], order: [0, 1, 4, 2, 5, 3], dims: dims)
    ]
  }
}
