import Glibc
import OneiroGraph

/// FlexAttention, ai.onnx.preview opset 1: https://onnx.ai/onnx/operators/onnx_aionnxpreview_FlexAttention.html
///
///     Y = prob_mod(softmax(score_mod(scale * Q K^T))) V
///
/// Q: [batch, heads, length, head size]; several query heads may share one head of K and V. The modifiers are graphs
/// from [batch, heads, length, key length] to the same, in the type that `softmax_precision` names: without it double
/// for double and float32 for all else.
public enum FlexAttention: Operator {
  public static let schema = OpSchema(
    "FlexAttention", domain: "ai.onnx.preview", since: 1,
    inputs: [.one("Q", "T1"), .one("K", "T1"), .one("V", "T1")], outputs: [.one("Y", "T1")],
    attributes: [
      .optional("prob_mod", .graph), .float("scale"), .optional("score_mod", .graph), .int("softmax_precision"),
    ], types: ["T1": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(0)
    if node.attributes.has("softmax_precision") {
      _ = try node.elementType(attribute: "softmax_precision", of: .floats)
    }
    for name in ["score_mod", "prob_mod"] where node.attributes.has(name) {
      _ = try node.body(name, inputCount: 1, atLeastOutputs: 1)
    }
    var shapes: [[Dimension]] = []
    for index in 0..<3 {
      let shape = try node.shape(index) ?? .unknown(rank: 4)
      guard shape.count == 4 else { throw node.fails(index, expected: "rank 4", found: "rank \(shape.count)") }
      shapes.append(shape)
    }
    for (index, axis, other) in [(1, 0, 0), (2, 0, 0), (1, 3, 0), (2, 1, 1), (2, 2, 1)]
    where !shapes[index][axis].agrees(with: shapes[other][axis]) {
      throw node.fails(
        index, expected: "\(shapes[other][axis]) along axis \(axis)", found: "\(shapes[index][axis])",
        because: "\(node.subject(other)) has that")
    }
    if let mine = shapes[0][1].extent, let theirs = shapes[1][1].extent, theirs == 0 ? mine != 0 : mine % theirs != 0 {
      throw node.fails(nil, "\(mine) query heads cannot share \(theirs) key heads evenly")
    }
    return [.tensor(type, shapes[0].dropLast() + [shapes[2][3]])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let q = try call.tensor(0), k = try call.tensor(1), v = try call.tensor(2)
    let heads = dims[1], length = dims[2], valueSize = dims[3], size = q.dims[3], keyHeads = k.dims[1]
    let keyLength = k.dims[2], scoreDims = [dims[0], heads, length, keyLength]
    let precision =
      call.attributes.has("softmax_precision")
      ? try call.elementType(attribute: "softmax_precision") : q.elementType == .float64 ? .float64 : .float32
    _ = try call.elementCount(scoreDims, of: .float64)
    let rows = try call.elementCount([dims[0], heads, length], of: .float64)
    _ = try call.elementCount([keyLength], of: .float64)
    let scale = call.attributes.optionalFloat("scale") ?? 1 / Double(max(size, 1)).squareRoot()
    let queries = q.doubles(), keys = k.doubles(), values = v.doubles()
    let keyRow = { (row: Int) in
      let head = row / length
      return head / heads * keyHeads + head % heads / (heads / keyHeads)
    }
    var weights: [Double] = []
    weights.reserveCapacity(rows * keyLength)
    var line = [Double](repeating: 0, count: keyLength)
    for row in 0..<rows {
      Attention.dot(queries, row * size, keys, keyRow(row) * keyLength * size, size, into: &line)
      for score in line { weights.append(score * scale) }
    }
    weights = try modified(call, "score_mod", weights, precision, scoreDims)
    for row in 0..<rows { softmax(&weights, row * keyLength..<(row + 1) * keyLength) }
    weights = try modified(call, "prob_mod", weights, precision, scoreDims)
    var y = [Double](repeating: 0, count: rows * valueSize)
    for row in 0..<rows {
      let start = keyRow(row) * keyLength * valueSize
      Attention.mix(
        Array(weights[row * keyLength..<(row + 1) * keyLength]), values, start, valueSize, into: &y, row * valueSize)
    }
    return [Tensor(q.elementType, doubles: y, dims: dims)]
  }

  /// What the graph in attribute `name` makes of the scores, or they themselves when there is none.
  private static func modified(
    _ call: KernelCall, _ name: String, _ scores: [Double], _ type: ElementType, _ dims: [Int]
  ) throws(KernelError) -> [Double] {
    guard call.attributes.has(name) else { return scores }
    let body = try call.body(name, inputCount: 1, atLeastOutputs: 1)
    let result = try call.run(body, [.tensor(Tensor(type, doubles: scores, dims: dims))])[0]
    guard let tensor = result.tensor, tensor.elementType == type, tensor.dims == dims else {
      throw call.fails("\(name): expected \(TensorType(type, dims: dims)) from it, found \(result.type)")
    }
    return tensor.doubles()
  }

  private static func softmax(_ values: inout [Double], _ range: Range<Int>) {
    let largest = values[range].max() ?? 0
    var sum = 0.0
    for index in range {
      // A row of which nothing is shown has no weights.
      values[index] = largest == -.infinity ? 0 : exp(values[index] - largest)
      sum += values[index]
    }
    if sum != 0 { for index in range { values[index] /= sum } }
  }
}
