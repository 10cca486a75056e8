import Glibc
import OneiroGraph

/// ScaledDotProductAttention, ai.oneiro opset 1.
///
///     Y = softmax(scale * Q K^T) V     for every head, without the scores [N, heads, T, S] ever being in memory
///
/// Q: [N, T, heads * D], K: [N, S, heads * D], V: [N, S, heads * Dv], Y: [N, T, heads * Dv]. The heads lie side by side
/// on the last axis, as a linear layer leaves them. Without `scale` it is 1 / sqrt(D). `operand_bits` is how many bits
/// of a number's precision a kernel has to keep where it multiplies: 32 is all of them. With `qkv_widths` and
/// `qkv_offsets`, Q, K and V are columns of their inputs (`AttentionColumns`).
public enum ScaledDotProductAttention: Operator {
  public static let schema = OpSchema(
    "ScaledDotProductAttention", domain: Model.oneiroDomain, since: 1,
    inputs: [.one("Q", "T"), .one("K", "T"), .one("V", "T")], outputs: [.one("Y", "T")],
    attributes: [
      .required("heads", .int), .float("scale"), .int("operand_bits", default: 32), .ints("qkv_widths"),
      .ints("qkv_offsets"),
    ],
    types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(0), heads = node.attributes.int("heads")
    guard heads >= 1 else {
      throw .mismatch(node: node.node, "attribute heads", expected: "1 or more", found: "\(heads)")
    }
    let bits = node.attributes.int("operand_bits")
    guard [8, 32].contains(bits) else {
      throw .mismatch(node: node.node, "attribute operand_bits", expected: "8 or 32", found: "\(bits)")
    }
    var shapes: [[Dimension]] = []
    let columns = try AttentionColumns(node)
    for index in 0..<3 {
      guard var shape = try node.shape(index) else {
        shapes.append([.unknown, .unknown, columns.map { .known($0.widths[index]) } ?? .unknown])
        continue
      }
      guard shape.count == 3 else { throw node.fails(index, expected: "rank 3", found: "rank \(shape.count)") }
      if let columns { shape[2] = try columns.part(of: shape[2], index, node) }
      if let width = shape[2].extent, width % heads != 0 {
        throw node.fails(index, expected: "a width of \(heads) equal heads", found: "\(width)")
      }
      shapes.append(shape)
    }
    for (left, right, axis) in [(0, 1, 0), (0, 2, 0), (1, 2, 1), (0, 1, 2)] {
      guard shapes[left][axis].agrees(with: shapes[right][axis]) else {
        throw node.fails(
          right, expected: "\(shapes[left][axis]) along axis \(axis)", found: "\(shapes[right][axis])",
          because: "\(node.subject(left)) has that")
      }
    }
    guard shapes.contains(where: { $0 != [.unknown, .unknown, .unknown] }) else { return [.tensor(type, nil)] }
    let batch = shapes.map { $0[0] }.first { $0.extent != nil } ?? shapes[0][0]
    return [.tensor(type, [batch, shapes[0][1], shapes[2][2]])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let q = try operand(0, of: call), k = try operand(1, of: call), v = try operand(2, of: call)
    let heads = call.attributes.int("heads"), length = dims[1], total = k.dims[1]
    let width = q.dims[2], size = width / heads, valueWidth = dims[2], valueSize = valueWidth / heads
    let scale = call.attributes.optionalFloat("scale") ?? defaultScale(size)
    let queries = q.doubles(), keys = k.doubles(), values = v.doubles()
    var y = [Double](repeating: 0, count: dims[0] * length * valueWidth)
    var weights = [Double](repeating: 0, count: total)
    for row in 0..<dims[0] * length {
      let start = row / max(length, 1) * total
      for head in 0..<heads {
        for key in 0..<total {
          var sum = 0.0
          let at = row * width + head * size, other = (start + key) * width + head * size
          for element in 0..<size { sum += queries[at + element] * keys[other + element] }
          weights[key] = scale * sum
        }
        softmax(&weights)
        for key in 0..<total {
          let at = row * valueWidth + head * valueSize, other = (start + key) * valueWidth + head * valueSize
          for element in 0..<valueSize { y[at + element] += weights[key] * values[other + element] }
        }
      }
    }
    return [Tensor(q.elementType, doubles: y, dims: dims)]
  }

  private static func operand(_ index: Int, of call: KernelCall) throws(KernelError) -> Tensor {
    let tensor = try call.tensor(index)
    return AttentionColumns(call.attributes).map { $0.part(of: tensor, index) } ?? tensor
  }

  private static func defaultScale(_ size: Int) -> Double { 1 / Double(max(size, 1)).squareRoot() }

  /// A NaN, an infinity, or nothing but minus infinities make all of it NaN, as in Softmax.
  private static func softmax(_ values: inout [Double]) {
    let largest = values.reduce(-Double.infinity) { $1.isNaN || $1 > $0 ? $1 : $0 }
    var sum = 0.0
    for index in values.indices {
      values[index] = exp(values[index] - largest)
      sum += values[index]
    }
    for index in values.indices { values[index] /= sum }
  }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    let types = [try node.tensor(0), try node.tensor(1), try node.tensor(2)]
    let columns = AttentionColumns(node.attributes)
    let widths = columns?.widths ?? types.map { $0.shape?.last?.extent }
    guard let width = widths[0] ?? widths[1], let valueWidth = widths[2] else { return nil }
    let heads = node.attributes.int("heads"), size = width / heads
    let scale = node.attributes.optionalFloat("scale") ?? defaultScale(size)
    // Extents of 0 would be copies of the input's in a Reshape without `allowzero`.
    guard width > 0, valueWidth > 0 else { return nil }
    var graph = Graph(
      schema.op.opType, inputs: zip(["Q", "K", "V"], types).map { ValueInfo($0, .tensor($1)) },
      outputs: [ValueInfo("Y", try infer(node)[0])])
    graph.addInitializer("scale", Tensor(types[0].elementType, doubles: [scale], dims: []))
    for (name, dims) in [
      ("split", [0, 0, heads, size]), ("split_values", [0, 0, heads, valueWidth / heads]),
      ("join", [0, 0, valueWidth]),
    ] {
      graph.addInitializer(name, Tensor(dims.map(Int64.init), dims: [dims.count]))
    }
    func add(_ opType: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]) {
      graph.nodes.append(Node(opType, inputs: inputs, outputs: [output], attributes: attributes))
    }
    let operands = columns?.addSlices(of: ["Q", "K", "V"], to: &graph) ?? ["Q", "K", "V"]
    add("Mul", [operands[0], "scale"], "scaled")
    add("Reshape", ["scaled", "split"], "q")
    add("Reshape", [operands[1], "split"], "k")
    add("Reshape", [operands[2], "split_values"], "v")
    add("Transpose", ["q"], "q_heads", ["perm": .ints([0, 2, 1, 3])])
    add("Transpose", ["k"], "k_heads", ["perm": .ints([0, 2, 3, 1])])
    add("Transpose", ["v"], "v_heads", ["perm": .ints([0, 2, 1, 3])])
    add("MatMul", ["q_heads", "k_heads"], "scores")
    add("Softmax", ["scores"], "weights", ["axis": .int(-1)])
    add("MatMul", ["weights", "v_heads"], "mix")
    add("Transpose", ["mix"], "joined", ["perm": .ints([0, 2, 1, 3])])
    add("Reshape", ["joined", "join"], "Y")
    return graph
  }
}
