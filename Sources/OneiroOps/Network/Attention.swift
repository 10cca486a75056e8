import Glibc
import OneiroGraph

/// Attention, ai.onnx opset 25: https://onnx.ai/onnx/operators/onnx__Attention.html
///
///     Y = softmax(softcap(scale * Q K^T) + mask) V
///
/// Q: [batch, heads, length, head size] or [batch, length, heads * head size]; several query heads may share one head
/// of K and V. past_key and past_value stand in front of K and V; where K and V are a whole cache instead,
/// nonpad_kv_seqlen, [batch], says how many of its keys are filled. The last query stands beside the last of them, and
/// `is_causal` and the windows count from there. A query that may look at nothing gives zeros.
public enum Attention: Operator {
  private static let masks = ElementTypeSet.numeric.union(.bool)

  public static let schema = OpSchema(
    "Attention", since: 23,
    inputs: [
      .one("Q", "T1"), .one("K", "T1"), .one("V", "T2"), .optional("attn_mask", "U"), .optional("past_key", "T1"),
      .optional("past_value", "T2"), .optional("nonpad_kv_seqlen", "I"),
    ],
    outputs: [
      .one("Y", "T1"), .optional("present_key", "T1"), .optional("present_value", "T2"),
      .optional("qk_matmul_output", "T1"),
    ],
    attributes: [
      .int("is_causal", default: 0), .int("kv_num_heads"), .int("left_window_size", default: -1), .int("q_num_heads"),
      .int("qk_matmul_output_mode", default: 0), .int("right_window_size", default: -1),
      .float("scale"), .float("softcap", default: 0), .int("softmax_precision"),
    ], types: ["T1": .floats, "T2": .floats, "U": masks, "I": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(0), valueType = try node.elementType(2)
    let mode = node.attributes.int("qk_matmul_output_mode")
    guard (0...3).contains(mode) else {
      throw node.fails("attribute qk_matmul_output_mode", "expected 0 ... 3, found \(mode)")
    }
    for name in ["left_window_size", "right_window_size"] where node.attributes.int(name) < -1 {
      throw node.fails("attribute \(name)", "expected -1 or more, found \(node.attributes.int(name))")
    }
    guard let shape = try AttentionShape(node) else {
      return [.tensor(type, nil), .tensor(type, nil), .tensor(valueType, nil), .tensor(type, nil)]
    }
    var y = [shape.batch, shape.queryHeads, shape.queryLength, shape.valueHeadSize]
    if shape.isFlat {
      var width = Dimension.unknown
      if let heads = shape.queryHeads.extent, let size = shape.valueHeadSize.extent {
        let (product, overflow) = heads.multipliedReportingOverflow(by: size)
        guard !overflow else { throw node.fails("attribute q_num_heads", "is too large: \(heads)") }
        width = .known(product)
      }
      y = [shape.batch, shape.queryLength, width]
    }
    let scores = [shape.batch, shape.queryHeads, shape.queryLength, shape.totalLength]
    try checkMask(node, scores)
    return [
      .tensor(type, y), .tensor(type, [shape.batch, shape.keyHeads, shape.totalLength, shape.headSize]),
      .tensor(valueType, [shape.batch, shape.keyHeads, shape.totalLength, shape.valueHeadSize]), .tensor(type, scores),
    ]
  }

  private static func checkMask(_ node: InferenceContext, _ scores: [Dimension]) throws(GraphError) {
    guard node.has(3), let mask = try node.shape(3) else { return }
    var fits =
      mask.count <= 4
      && zip(mask.dropLast().reversed(), scores.dropLast().reversed()).allSatisfy {
        $0 == .known(1) || $0.agrees(with: $1)
      }
    // A mask that ends before the keys do hides the rest.
    if let last = mask.last?.extent, let total = scores.last?.extent, last > total { fits = false }
    guard fits else {
      throw node.fails(
        3, expected: "a shape that broadcasts to \(TensorType(.float32, scores).shapeText)",
        found: TensorType(.float32, mask).shapeText)
    }
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)
    let q = try call.tensor(0), k = try call.tensor(1), v = try call.tensor(2)
    let batch = dims[3][0], heads = dims[3][1], length = dims[3][2], total = dims[3][3]
    let keyHeads = dims[1][1], size = dims[1][3], valueSize = dims[2][3],
      past = total - (q.rank == 3 ? k.dims[1] : k.dims[2])
    let queries = headsFirst(q, heads: heads)
    let keys = joined(
      call.optionalTensor(4), headsFirst(k, heads: keyHeads), rows: batch * keyHeads, past: past, total: total, size)
    let values = joined(
      call.optionalTensor(5), headsFirst(v, heads: keyHeads), rows: batch * keyHeads, past: past, total: total,
      valueSize)
    let scoring = Scoring(call, headSize: size, mask: try paddedMask(call, total: total), dims: dims[3])
    // Empty tensors may have any extents beside their zeros.
    let rows = try call.elementCount([batch, heads, length], of: .float64)
    _ = try call.elementCount([total], of: .float64)
    let filled = try filledKeys(call, batch: batch, total: total)
    let keepsScores = call.wants(3)
    var y = [Double](repeating: 0, count: batch * heads * length * valueSize)
    var kept = [Double](repeating: 0, count: keepsScores ? batch * heads * length * total : 0)
    var scores = [Double](repeating: 0, count: total)
    for row in 0..<rows {
      let head = row / length
      let keyHead = head / heads * keyHeads + head % heads / (heads / keyHeads)
      dot(queries, row * size, keys, keyHead * total * size, size, into: &scores)
      let keyCount = filled?[head / heads]
      let position = row % length + (keyCount.map { $0 - length } ?? past)
      let shown = scoring.weigh(&scores, row: row, position: position, filled: keyCount ?? total)
      if keepsScores { kept.replaceSubrange(row * total..<(row + 1) * total, with: shown) }
      mix(scores, values, keyHead * total * valueSize, valueSize, into: &y, row * valueSize)
    }
    if q.rank == 3 { y = headsLast(y, batch: batch, heads: heads, length: length, size: valueSize) }
    let result = [
      Tensor(q.elementType, doubles: y, dims: dims[0]), Tensor(q.elementType, doubles: keys, dims: dims[1]),
      Tensor(v.elementType, doubles: values, dims: dims[2]),
    ]
    return keepsScores ? result + [Tensor(q.elementType, doubles: kept, dims: dims[3])] : result
  }

  /// How many keys of each sample are filled; `nil` when all are.
  private static func filledKeys(_ call: KernelCall, batch: Int, total: Int) throws(KernelError) -> [Int]? {
    guard let filled = call.ints(6) else { return nil }
    guard filled.count == batch, filled.allSatisfy({ (0...total).contains($0) }) else {
      throw call.fails("nonpad_kv_seqlen: expected \(batch) numbers in 0 ... \(total), found \(filled)")
    }
    return filled
  }

  /// What is added to the scores: a bool mask says who may look, any other one is added as it is. A mask that ends
  /// before the keys do hides the rest; one element alone stands for all.
  private static func paddedMask(_ call: KernelCall, total: Int) throws(KernelError) -> Tensor? {
    guard let mask = call.optionalTensor(3) else { return nil }
    let bias = mask.elementType == .bool ? mask.int64s().map { $0 != 0 ? 0 : -Double.infinity } : mask.doubles()
    guard let width = mask.dims.last, width > 1, width < total else { return Tensor(bias, dims: mask.dims) }
    _ = try call.elementCount(mask.dims.dropLast() + [total], of: .float64)
    var padded: [Double] = []
    for row in 0..<bias.count / width {
      padded += bias[row * width..<(row + 1) * width]
      padded += [Double](repeating: -.infinity, count: total - width)
    }
    return Tensor(padded, dims: mask.dims.dropLast() + [total])
  }

  /// From raw products of one query with all keys to its weights.
  private struct Scoring {
    let scale, softcap: Double
    /// How many keys before and behind its own place a query sees; `nil` for all.
    let left, right: Int?
    let mode: Int
    let masks: Bool
    let mask: [Double]
    let strides, dims: [Int]

    init(_ call: KernelCall, headSize: Int, mask: Tensor?, dims: [Int]) {
      scale = call.attributes.optionalFloat("scale") ?? 1 / Double(max(headSize, 1)).squareRoot()
      softcap = call.attributes.float("softcap")
      // No two places are further apart than all queries and keys together.
      let window = { (name: String) in
        call.attributes.int(name) < 0 ? nil : min(call.attributes.int(name), dims[2] + dims[3])
      }
      left = window("left_window_size")
      right = call.attributes.bool("is_causal") ? 0 : window("right_window_size")
      mode = call.attributes.int("qk_matmul_output_mode")
      masks = mask != nil
      self.mask = mask?.doubles() ?? []
      strides = mask.map { Shape.broadcastStrides($0.dims, to: dims) } ?? [0, 0, 0, 0]
      self.dims = dims
    }

    /// - row: [batch, heads, length] flattened.
    /// - position: the query's place among the keys, negative in front of them all.
    /// - Returns: what output qk_matmul_output shows of this row.
    func weigh(_ scores: inout [Double], row: Int, position: Int, filled: Int) -> [Double] {
      for index in scores.indices { scores[index] *= scale }
      var shown = mode == 0 ? scores : []
      if softcap != 0 { for index in scores.indices { scores[index] = softcap * tanh(scores[index] / softcap) } }
      if mode == 1 { shown = scores }
      if masks {
        let head = row / dims[2]
        let start = head / dims[1] * strides[0] + head % dims[1] * strides[1] + row % dims[2] * strides[2]
        for index in scores.indices {
          let bias = mask[start + index * strides[3]]
          // What is hidden stays so, even from an infinite score.
          scores[index] = bias == -.infinity ? bias : scores[index] + bias
        }
      }
      for index in scores.indices
      where index >= filled || right.map({ index > position + $0 }) ?? false
        || left.map({ index < position - $0 }) ?? false
      { scores[index] = -.infinity }
      if mode == 2 { shown = scores }
      let largest = scores.max() ?? 0
      if largest == -.infinity {
        for index in scores.indices { scores[index] = 0 }
      } else {
        var sum = 0.0
        for index in scores.indices {
          scores[index] = exp(scores[index] - largest)
          sum += scores[index]
        }
        for index in scores.indices { scores[index] /= sum }
      }
      return mode == 3 ? scores : shown
    }
  }

  /// [batch, heads, length, size], whichever way the tensor lies.
  private static func headsFirst(_ tensor: Tensor, heads: Int) -> [Double] {
    guard tensor.rank == 3 else { return tensor.doubles() }
    // Swapping the two middle axes is its own inverse.
    return headsLast(
      tensor.doubles(), batch: tensor.dims[0], heads: tensor.dims[1], length: heads,
      size: heads == 0 ? 0 : tensor.dims[2] / heads)
  }

  /// [batch, heads, length, size] to [batch, length, heads, size].
  private static func headsLast(_ values: [Double], batch: Int, heads: Int, length: Int, size: Int) -> [Double] {
    var result = values
    Shape.walk([batch, length, heads, size], [heads * length * size, size, length * size, 1]) {
      result[$0] = values[$1]
    }
    return result
  }

  /// The past's elements of each row, then the new ones'.
  private static func joined(_ past: Tensor?, _ new: [Double], rows: Int, past length: Int, total: Int, _ size: Int)
    -> [Double]
  {
    guard let past else { return new }
    let before = past.doubles(), old = length * size, fresh = (total - length) * size
    var result: [Double] = []
    result.reserveCapacity(rows * total * size)
    for row in 0..<rows {
      result += before[row * old..<(row + 1) * old]
      result += new[row * fresh..<(row + 1) * fresh]
    }
    return result
  }

  /// scores[j] = query . keys[j]
  static func dot(
    _ query: [Double], _ at: Int, _ keys: [Double], _ start: Int, _ size: Int, into scores: inout [Double]
  ) {
    query.withUnsafeBufferPointer { query in
      keys.withUnsafeBufferPointer { keys in
        for index in scores.indices {
          var sum = 0.0
          for element in 0..<size { sum += query[at + element] * keys[start + index * size + element] }
          scores[index] = sum
        }
      }
    }
  }

  /// y[at...] = sum over j of weights[j] * values[j]
  static func mix(
    _ weights: [Double], _ values: [Double], _ start: Int, _ size: Int, into y: inout [Double], _ at: Int
  ) {
    values.withUnsafeBufferPointer { values in
      y.withUnsafeMutableBufferPointer { y in
        // A key of weight zero is not looked at, even where its value is infinite.
        for (index, weight) in weights.enumerated() where weight != 0 {
          for element in 0..<size { y[at + element] += weight * values[start + index * size + element] }
        }
      }
    }
  }
}
