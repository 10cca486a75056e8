import OneiroGraph

/// RotaryEmbedding, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html
///
/// Turns pairs of a head's elements by an angle that depends on the token's position:
///
///     (a, b) becomes (cos a - sin b, sin a + cos b)
///
/// A pair is (i, i + half), or with `interleaved` (2i, 2i + 1), among the first rotary_embedding_dim elements of a
/// head. X: [batch, heads, length, head size] or [batch, length, heads * head size].
public enum RotaryEmbedding: Operator {
  public static let schema = OpSchema(
    "RotaryEmbedding", since: 23,
    inputs: [.one("X", "T"), .one("cos_cache", "T"), .one("sin_cache", "T"), .optional("position_ids", "M")],
    outputs: [.one("Y", "T")],
    attributes: [.int("interleaved", default: 0), .int("num_heads"), .int("rotary_embedding_dim", default: 0)],
    types: ["T": ElementTypeSet([.float32, .float16, .bfloat16]), "M": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    guard let shape = x.shape else { return [.tensor(x)] }
    guard shape.count == 3 || shape.count == 4 else { throw node.fails(0, expected: "rank 3 or 4", found: x.shapeText) }
    var headSize = shape[shape.count - 1]
    if shape.count == 3 {
      let heads = node.attributes.int("num_heads")
      guard heads >= 1, (headSize.extent ?? 0) % heads == 0 else {
        throw .mismatch(
          node: node.node, "attribute num_heads", expected: "a divisor of \(headSize)", found: "\(heads)",
          because: "X has rank 3")
      }
      headSize = headSize.extent.map { .known($0 / heads) } ?? .unknown
    }
    let rotated = node.attributes.int("rotary_embedding_dim")
    guard rotated >= 0, rotated <= headSize.extent ?? rotated, (rotated == 0 ? headSize.extent ?? 0 : rotated) % 2 == 0
    else {
      throw .mismatch(
        node: node.node, "attribute rotary_embedding_dim", expected: "an even part of the head size \(headSize)",
        found: "\(rotated)")
    }
    let half: Dimension = rotated > 0 ? .known(rotated / 2) : headSize.extent.map { .known($0 / 2) } ?? .unknown
    let tokens = [shape[0], shape.count == 4 ? shape[2] : shape[1]]
    try require(node, 3, tokens)
    for index in [1, 2] { try require(node, index, node.has(3) ? [.unknown, half] : tokens + [half]) }
    return [.tensor(x)]
  }

  private static func require(_ node: InferenceContext, _ index: Int, _ expected: [Dimension]) throws(GraphError) {
    guard node.has(index), let shape = try node.shape(index) else { return }
    guard shape.count == expected.count, zip(shape, expected).allSatisfy({ $0.agrees(with: $1) }) else {
      throw node.fails(
        index, expected: TensorType(.float32, expected).shapeText, found: TensorType(.float32, shape).shapeText)
    }
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), cosines = try call.tensor(1), sines = try call.tensor(2)
    guard cosines.dims == sines.dims else {
      throw call.fails("cos_cache \(Shape.text(cosines.dims)) and sin_cache \(Shape.text(sines.dims)) differ in shape")
    }
    let isFlat = x.rank == 3
    let heads = isFlat ? call.attributes.int("num_heads") : dims[1], length = isFlat ? dims[1] : dims[2]
    let headSize = isFlat ? dims[2] / heads : dims[3]
    let rotated = call.attributes.int("rotary_embedding_dim"), half = (rotated == 0 ? headSize : rotated) / 2
    let positions = call.ints(3)
    if let positions, let rows = cosines.dims.first, let wrong = positions.first(where: { $0 < 0 || $0 >= rows }) {
      throw call.fails("position_ids: expected 0 ... \(rows - 1), found \(wrong)")
    }
    let cosine = cosines.doubles(), sine = sines.doubles(), isInterleaved = call.attributes.bool("interleaved")
    var values = x.doubles()
    for head in 0..<(headSize == 0 ? 0 : values.count / headSize) {
      // Heads lie token by token in rank 3, and head by head in rank 4.
      let token = isFlat ? head / heads : head / (heads * length) * length + head % length
      let row = (positions?[token] ?? token) * half
      for pair in 0..<half {
        let first = head * headSize + (isInterleaved ? 2 * pair : pair), second = first + (isInterleaved ? 1 : half)
        let (a, b) = (values[first], values[second])
        values[first] = cosine[row + pair] * a - sine[row + pair] * b
        values[second] = sine[row + pair] * a + cosine[row + pair] * b
      }
    }
    return [Tensor(x.elementType, doubles: values, dims: dims)]
  }
}
