import OneiroGraph

/// TreeEnsemble, ai.onnx.ml opset 5: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
///
/// Each row of X walks down every tree to a leaf, whose weight counts for one target; the weights of a target are
/// added, averaged over the trees, or the smallest or largest of them taken.
/// X: [rows, features]. Y: [rows, targets].
public enum TreeEnsemble: Operator {
  public static let schema = OpSchema(
    "TreeEnsemble", domain: Operators.learningDomain, since: 5, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [
      .int("aggregate_function", default: 1), .required("leaf_targetids", .ints), .required("leaf_weights", .tensor),
      .optional("membership_values", .tensor), .int("n_targets"), .required("nodes_falseleafs", .ints),
      .required("nodes_falsenodeids", .ints), .required("nodes_featureids", .ints),
      .optional("nodes_hitrates", .tensor), .ints("nodes_missing_value_tracks_true"),
      .required("nodes_modes", .tensor), .required("nodes_splits", .tensor), .required("nodes_trueleafs", .ints),
      .required("nodes_truenodeids", .ints), .int("post_transform", default: 0), .required("tree_roots", .ints),
    ], types: ["T": ElementTypeSet([.float16, .float32, .float64])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0), shape = x.shape ?? .unknown(rank: 2)
    guard shape.count == 2 else { throw node.fails(0, expected: "rank 2", found: x.shapeText) }
    let trees = try node.checking(nil, try Trees(node.attributes))
    _ = try node.checking("attribute post_transform", try ScoreTransform(node.attributes))
    if let width = shape[1].extent, trees.featureCount > width {
      throw node.fails(0, expected: "\(trees.featureCount) features or more", found: "\(width)")
    }
    return [.tensor(x.elementType, [shape[0], .known(trees.targetCount)])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0], x = try call.tensor(0)
    let trees = try Trees(call.attributes), transform = try ScoreTransform(call.attributes)
    let values = x.doubles(), width = x.dims[1]
    var scores: [Double] = []
    for row in 0..<dims[0] {
      scores += transform.applied(to: try trees.scores(of: values[row * width..<(row + 1) * width]))
    }
    return [Tensor(x.elementType, doubles: scores, dims: dims)]
  }
}
