import Glibc
import OneiroGraph

/// LinearAttention, ai.onnx opset 27: https://onnx.ai/onnx/operators/onnx__LinearAttention.html
///
/// A state S, [key size, value size] for each sample and key head, which every token t changes and then is asked:
///
///     S = exp(decay_t) * S                                            gated, gated_delta
///     S = S + k_t ⊗ v_t                                               linear, gated
///     S = S + beta_t * k_t ⊗ (v_t - S^T k_t)                          delta, gated_delta
///     o_t = scale * S^T q_t
///
/// query, key and value: [batch, tokens, heads * size]; several query heads may share one key head. decay has a number
/// for each element of a key or for each key head, beta for each key head or one for all.
public enum LinearAttention: Operator {
  private static let types = ElementTypeSet([.float16, .bfloat16, .float32])

  public static let schema = OpSchema(
    "LinearAttention", since: 27,
    inputs: [
      .one("query", "T"), .one("key", "T"), .one("value", "T"), .optional("past_state", "S"), .optional("decay", "T"),
      .optional("beta", "T"),
    ],
    outputs: [.one("output", "T"), .one("present_state", "S")],
    attributes: [
      .int("chunk_size", default: 64), .required("kv_num_heads", .int), .required("q_num_heads", .int),
      .float("scale", default: 0), .string("update_rule", default: "gated_delta"),
    ], types: ["T": types, "S": types])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(0), stateType = node.has(3) ? try node.elementType(3) : type
    let rule = node.attributes.string("update_rule")
    let isGated = rule == "gated" || rule == "gated_delta", isDelta = rule == "delta" || rule == "gated_delta"
    guard isGated || isDelta || rule == "linear" else {
      throw .mismatch(
        node: node.node, "attribute update_rule", expected: "linear, gated, delta or gated_delta", found: rule)
    }
    for (index, name, isNeeded) in [(4, "decay", isGated), (5, "beta", isDelta)] where node.has(index) != isNeeded {
      throw node.fails(
        "input \(name)", "has to be \(isNeeded ? "given" : "left out") because update_rule is \(rule)")
    }
    let heads = node.attributes.int("q_num_heads"), keyHeads = node.attributes.int("kv_num_heads")
    guard keyHeads > 0, heads > 0, heads % keyHeads == 0 else {
      throw node.fails(nil, "\(heads) query heads cannot share \(keyHeads) key heads evenly")
    }
    var tokens: [Dimension] = [.unknown, .unknown]
    func part(_ index: Int, heads: Int) throws(GraphError) -> Dimension {
      let shape = try node.shape(index) ?? .unknown(rank: 3)
      guard shape.count == 3, tokens[0].agrees(with: shape[0]), tokens[1].agrees(with: shape[1]),
        (shape[2].extent ?? 0) % heads == 0
      else {
        throw node.fails(
          index, expected: "[\(tokens[0]),\(tokens[1]),\(heads) * size]", found: try node.tensor(index).shapeText)
      }
      for axis in 0..<2 where tokens[axis].extent == nil { tokens[axis] = shape[axis] }
      return shape[2].extent.map { .known($0 / heads) } ?? .unknown
    }
    let querySize = try part(0, heads: heads), keySize = try part(1, heads: keyHeads)
    let valueSize = try part(2, heads: keyHeads)
    guard querySize.agrees(with: keySize) else {
      throw node.fails(1, expected: "heads of size \(querySize), as the query's", found: "\(keySize)")
    }
    let size = querySize.extent == nil ? keySize : querySize
    let state = [tokens[0], .known(keyHeads), size, valueSize]
    if node.has(3), let past = try node.shape(3) {
      guard past.count == 4, zip(past, state).allSatisfy({ $0.agrees(with: $1) }) else {
        throw node.fails(
          3, expected: TensorType(.float32, state).shapeText, found: TensorType(.float32, past).shapeText)
      }
    }
    for (index, other) in [(4, size.extent), (5, 1)] where node.has(index) {
      // Widths of one number a head are allowed beside those of `other` numbers.
      let width = try part(index, heads: 1)
      let allowed =
        [keyHeads] + (other.map { index == 4 ? [keyHeads.multipliedReportingOverflow(by: $0).0] : [$0] } ?? [])
      guard let found = width.extent, other != nil, !allowed.contains(found) else { continue }
      throw node.fails(
        index, expected: "a width of \(allowed.map(String.init).joined(separator: " or "))", found: "\(found)")
    }
    let width = Dimension.product([.known(heads), valueSize])
    return [.tensor(type, [tokens[0], tokens[1], width]), .tensor(stateType, state)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)
    let q = try call.tensor(0), k = try call.tensor(1), v = try call.tensor(2)
    let heads = call.attributes.int("q_num_heads"), tokens = dims[0][1]
    let batch = dims[1][0], keyHeads = dims[1][1], size = dims[1][2], valueSize = dims[1][3]
    // Empty tensors may have any extents beside their zeros.
    let rows = try call.elementCount([batch, keyHeads], of: .float64)
    _ = try call.elementCount([batch, tokens], of: .float64)
    let queries = q.doubles(), keys = k.doubles(), values = v.doubles()
    let decays = call.optionalTensor(4)?.doubles(), betas = call.optionalTensor(5)?.doubles()
    let decayWidth = call.optionalTensor(4)?.dims[2] ?? 0, betaWidth = call.optionalTensor(5)?.dims[2] ?? 0
    let given = call.attributes.float("scale")
    let scale = given == 0 ? 1 / Double(max(size, 1)).squareRoot() : given
    var states = call.optionalTensor(3)?.doubles() ?? [Double](repeating: 0, count: Shape.count(dims[1]))
    var output = [Double](repeating: 0, count: Shape.count(dims[0]))
    let shared = heads / keyHeads
    for row in 0..<rows {
      let sample = row / keyHeads, head = row % keyHeads
      var state = Array(states[row * size * valueSize..<(row + 1) * size * valueSize])
      for token in sample * tokens..<(sample + 1) * tokens {
        if let decays {
          for element in 0..<size {
            // One number a head, or one for each of its elements.
            let place = decayWidth == keyHeads ? head : head * size + element
            let kept = exp(decays[token * decayWidth + place])
            for column in 0..<valueSize { state[element * valueSize + column] *= kept }
          }
        }
        let key = (token * keyHeads + head) * size
        for column in 0..<valueSize {
          var value = values[(token * keyHeads + head) * valueSize + column]
          if let betas {
            for element in 0..<size { value -= state[element * valueSize + column] * keys[key + element] }
            value *= betas[token * betaWidth + (betaWidth == 1 ? 0 : head)]
          }
          for element in 0..<size { state[element * valueSize + column] += keys[key + element] * value }
        }
        for queryHead in head * shared..<(head + 1) * shared {
          let query = (token * heads + queryHead) * size
          for column in 0..<valueSize {
            var sum = 0.0
            for element in 0..<size { sum += queries[query + element] * state[element * valueSize + column] }
            output[(token * heads + queryHead) * valueSize + column] = scale * sum
          }
        }
      }
      states.replaceSubrange(row * size * valueSize..<(row + 1) * size * valueSize, with: state)
    }
    let stateType = call.optionalTensor(3)?.elementType ?? q.elementType
    return [Tensor(q.elementType, doubles: output, dims: dims[0]), Tensor(stateType, doubles: states, dims: dims[1])]
  }
}
