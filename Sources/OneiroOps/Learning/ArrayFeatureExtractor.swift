import OneiroGraph

/// ArrayFeatureExtractor, ai.onnx.ml opset 1:
/// https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html
///
/// The elements along the last axis of X that Y lists, whatever the shape of Y. A vector gives a matrix of one row.
public enum ArrayFeatureExtractor: Operator {
  public static let schema = OpSchema(
    "ArrayFeatureExtractor", domain: Operators.learningDomain, since: 1, inputs: [.one("X", "T"), .one("Y", "I")],
    outputs: [.one("Z", "T")],
    types: ["T": ElementTypeSet([.float32, .float64, .int32, .int64, .string]), "I": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    guard let shape = x.shape else { return [.tensor(x.elementType, nil)] }
    guard !shape.isEmpty else { throw node.fails(0, expected: "rank 1 or more", found: "a scalar") }
    let chosen = try node.shape(1).map { Dimension.product($0) } ?? .unknown
    return [.tensor(x.elementType, (shape.count == 1 ? [.known(1)] : shape.dropLast()) + [chosen])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0], x = try call.tensor(0), chosen = try call.requiredInts(1)
    let width = x.dims[x.rank - 1]
    guard chosen.allSatisfy({ (0..<width).contains($0) }) else {
      throw call.fails("Y: expected numbers in 0 ..< \(width), found \(chosen)")
    }
    guard !dims.contains(0) else { return [.empty(x.elementType, dims: dims)] }
    let rows = Shape.count(x.dims.dropLast())
    return [x.gathering((0..<rows).flatMap { row in chosen.map { row * width + $0 } }, dims: dims)]
  }
}
