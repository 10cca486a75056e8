import OneiroGraph

/// TensorScatter, ai.onnx opset 24: https://onnx.ai/onnx/operators/onnx__TensorScatter.html
///
/// past_cache with `update` in place of what stands at write_indices[batch] and on along `axis`; in mode `circular`,
/// past the end it goes on at the beginning.
public enum TensorScatter: Operator {
  public static let schema = OpSchema(
    "TensorScatter", since: 24,
    inputs: [.one("past_cache", "T"), .one("update", "T"), .optional("write_indices", "I")],
    outputs: [.one("present_cache", "T")],
    attributes: [.int("axis", default: -2), .string("mode", default: "linear")],
    types: ["T": .all, "I": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let cache = try node.tensor(0)
    _ = try node.checking("attribute mode", try isCircular(node.attributes))
    if let dims = cache.dims, let update = try node.tensor(1).dims {
      _ = try node.checking(nil, try axis(node.attributes, dims, update))
    }
    return [.tensor(cache)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let cache = try call.tensor(0), update = try call.tensor(1)
    let axis = try axis(call.attributes, cache.dims, update.dims), isCircular = try isCircular(call.attributes)
    let room = cache.dims[axis], length = update.dims[axis], batch = cache.dims[0]
    _ = try call.elementCount([batch], of: .int64)
    let starts = call.ints(2) ?? [Int](repeating: 0, count: batch)
    guard starts.count == batch else {
      throw call.fails("write_indices: expected \(batch) numbers, found \(starts.count)")
    }
    guard starts.allSatisfy({ $0 >= 0 && (isCircular || $0 <= room - length) }) else {
      throw call.fails(
        "write_indices: expected \(isCircular ? "numbers from 0 up" : "0 ... \(room - length)"), found \(starts)")
    }
    guard cache.count > 0, update.count > 0 else { return [cache] }
    // The cache's elements first and the update's behind them: each place names the one it takes.
    let both = try Tensor.concatenating([cache.reshaped([cache.count]), update.reshaped([update.count])], axis: 0)
    var source = Array(0..<cache.count)
    let inner = Shape.count(cache.dims[(axis + 1)...]), rows = Shape.count(cache.dims[..<axis])
    for row in 0..<rows {
      let start = starts[row / (rows / batch)] % room
      for step in 0..<length {
        let target = (row * room + (start + step) % room) * inner
        let from = cache.count + (row * length + step) * inner
        for column in 0..<inner { source[target + column] = from + column }
      }
    }
    return [both.gathering(source, dims: cache.dims)]
  }

  private static func isCircular(_ attributes: NodeAttributes) throws(KernelError) -> Bool {
    let mode = attributes.string("mode")
    guard mode == "linear" || mode == "circular" else {
      throw KernelError("mode: expected linear or circular, found \"\(mode)\"")
    }
    return mode == "circular"
  }

  /// The axis, in 1 ..< rank, along which the update may be shorter than the cache.
  private static func axis(_ attributes: NodeAttributes, _ cache: [Int], _ update: [Int]) throws(KernelError) -> Int {
    let axis = try Shape.axis(attributes.int("axis"), rank: cache.count)
    guard axis > 0 else { throw KernelError("axis: expected another one than the batch's, found 0") }
    guard update.count == cache.count, cache.indices.allSatisfy({ $0 == axis || cache[$0] == update[$0] }),
      update[axis] <= cache[axis]
    else {
      throw KernelError(
        "update: expected \(Shape.text(cache)), or less along axis \(axis), found \(Shape.text(update))")
    }
    return axis
  }
}
