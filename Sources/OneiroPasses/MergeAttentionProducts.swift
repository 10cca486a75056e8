import OneiroGraph

/// Three products of the same rows that one attention reads  →  one product, of whose rows the attention reads columns
///
///          ┌─ MatMul Q ── q ─┐
///     rows ┼─ MatMul K ── k ─ ScaledDotProductAttention  →  rows ── MatMul [Q K V] ── ScaledDotProductAttention
///          └─ MatMul V ── v ─┘                                                  (qkv_offsets, qkv_widths)
///
/// The same for Gemm and QuantizedGemm, also where views stand before or behind them. Nobody copies the weights before a
/// kernel packs them, and then they leave memory again (`Tensor.joined`); where kernels are prepared anew in each run,
/// they would be joined in each. Stands back where one of the three results has another reader, where the products
/// differ in anything but weights, their scales and biases, and where they are large (`mostElements`).
struct MergeAttentionProducts: RewriteRule {
  let name = "merge-attention-products"
  let summary = "MatMul, Gemm or QuantizedGemm for each of Q, K and V -> one, ScaledDotProductAttention of its columns"
  let targets: Set<String> = ["ScaledDotProductAttention"]
  let needsUnboundMemory = true

  /// Of the three results of an item, up to which it pays. In the U-Net of Stable Diffusion at 16 x 16 the products take
  /// a tenth less time for it, of two images at 32 x 32 6 % less of bytes and 2.5 % of floats, and at 64 x 64 1 to 9 %
  /// less of bytes (up to 1024 rows of 3 * 640); the attention takes no longer. A head's keys and values are spread over
  /// three times the memory, though: with 4096 rows of 3 * 320 the attention of bytes takes 1.2 % longer, which is three
  /// times what the products gain, and of floats nothing is gained.
  static let mostElements = 1 << 21

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let output = node.outputs[0]
    guard node.domain == Model.oneiroDomain, node.attributes["qkv_widths"] == nil, Set(node.inputs).count == 3,
      let dims = graph.dims(node.inputs[0]), dims.count == 3
    else { return nil }
    let found = node.inputs.compactMap { AttentionProduct(of: $0, in: graph) }
    guard found.count == 3, found.allSatisfy({ $0.canStandBeside(found[0]) }),
      node.inputs.allSatisfy({ graph.dims($0).map { $0.prefix(2) == dims.prefix(2) } ?? false })
    else { return nil }
    var patch = GraphPatch("the products that \(node.label) reads, of \(found[0].rows)")
    let widths = found.map(\.width), width = widths.reduce(0, +), product = "\(output)#product"
    guard Tensor.elementCount([dims[1], width]).map({ $0 <= Self.mostElements }) ?? false,
      let merged = AttentionProduct.merged(found, name: "\(node.label)#product", output: product, adding: &patch)
    else { return nil }
    for each in found { for node in each.views { patch.remove(node) } }
    // What the first one reads is read by the merged one.
    for each in found.dropFirst() { for node in each.viewsBefore { patch.remove(node) } }
    for each in found { patch.remove(each.node) }
    patch.remove(node)
    patch.add(merged)
    let isTokens = found[0].outerDims == Array(dims.prefix(2)), columns = isTokens ? product : "\(output)#columns"
    if !isTokens { patch.addReshape(product, to: dims.prefix(2) + [width], columns, like: node) }
    var attention = node
    attention.inputs = [columns, columns, columns]
    attention.attributes["qkv_widths"] = .ints(widths.map(Int64.init))
    attention.attributes["qkv_offsets"] = .ints([0, Int64(widths[0]), Int64(widths[0] + widths[1])])
    patch.add(attention)
    return patch
  }
}

/// A product with constant weights whose result comes to an attention through views alone.
private struct AttentionProduct {
  let node: Node
  /// Of the result, without its columns.
  let outerDims: [Int]
  /// Columns of the result.
  let width: Int
  /// The value whose rows are multiplied, before any views.
  let rows: String
  private let rowDims: [Int]
  /// Those that nobody else reads.
  let viewsBefore: [Node]
  let views: [Node]
  private let weights: Tensor
  /// For each column: a bias; scale and zero point of quantized weights.
  private let bias, scale, zeroPoint: Tensor?
  /// Scale and zero point of quantized rows: constants, or names of values.
  private let rowScale: [RowScale]

  private enum RowScale: Equatable {
    case numbers([Double])
    case value(String)
  }

  /// - value: [items, rows, columns].
  init?(of value: String, in graph: GraphIndex) {
    guard let found = ProductBehindViews(of: value, types: ["MatMul", "Gemm", "QuantizedGemm"], in: graph),
      let width = found.dims.last, graph.dims(value)?.last == width
    else { return nil }
    let node = found.product, isQuantized = node.opType == "QuantizedGemm"
    guard node.domain == (isQuantized ? Model.oneiroDomain : ""), node.attributes["activation"] == nil,
      let rowDims = graph.dims(node.inputs[0]), let weights = graph.constant(node.inputs[isQuantized ? 3 : 1]),
      weights.rank == 2, isQuantized || weights.elementType == .float32
    else { return nil }
    func isOne(_ name: String) -> Bool {
      if case .float(let value) = node.attributes[name] { value == 1 } else { true }
    }
    guard isOne("alpha"), isOne("beta"), node.int("transA") ?? 0 == 0 else { return nil }
    func has(_ index: Int) -> Bool { index < node.inputs.count && !node.inputs[index].isEmpty }
    /// A number for each column; `nil` where the constant has something else.
    func numbers(_ index: Int) -> Tensor? {
      guard has(index), let tensor = graph.constant(node.inputs[index]),
        tensor.count == 1 || (tensor.count == width && tensor.dims.last == width)
      else { return nil }
      return tensor.reshaped([tensor.count]).broadcast(to: [width])
    }
    let forColumns = isQuantized ? [5, 4, 7] : [2]
    guard forColumns.allSatisfy({ !has($0) || numbers($0) != nil }) else { return nil }
    // Neither something that is added, nor a result of bytes.
    guard !isQuantized || (!has(6) && node.inputs.count <= 8) else { return nil }
    bias = numbers(forColumns[0])
    (scale, zeroPoint) = isQuantized ? (numbers(4), numbers(7)) : (nil, nil)
    rowScale = (isQuantized ? node.inputs[1...2] : []).map { name in
      graph.constant(name).map { RowScale.numbers($0.doubles()) } ?? .value(name)
    }
    var viewsBefore: [Node] = [], rows = node.inputs[0], isOwn = true
    while let view = graph.producer(of: rows), view.isView {
      isOwn = isOwn && graph.onlyReader(of: rows) != nil
      if isOwn { viewsBefore.append(view) }
      rows = view.inputs[0]
    }
    (self.node, self.width, self.rows, self.rowDims, self.viewsBefore) = (node, width, rows, rowDims, viewsBefore)
    (self.weights, views) = (weights, found.views)
    outerDims = Array(found.dims.dropLast())
  }

  private var isTransposed: Bool { node.int("transB") ?? 0 != 0 }

  func canStandBeside(_ other: AttentionProduct) -> Bool {
    node.op == other.node.op && rows == other.rows && rowDims == other.rowDims && rowScale == other.rowScale
      && isTransposed == other.isTransposed
  }

  /// One product with the columns of all; its new constants go into `patch`.
  /// - Returns: `nil` where weights are kept in different types.
  static func merged(
    _ all: [AttentionProduct], name: String, output: String, adding patch: inout GraphPatch
  ) -> Node? {
    let first = all[0], node = first.node, width = all.reduce(0) { $0 + $1.width }
    guard let weights = Tensor.joined(all.map(\.weights), axis: first.isTransposed ? 0 : 1) else { return nil }
    func add(_ tensor: Tensor, _ what: String) -> String {
      patch.addInitializer("\(output)_\(what)", tensor)
      return "\(output)_\(what)"
    }
    /// Numbers for all columns, 0 where a product has none; "" where no product has any.
    func numbers(_ of: (AttentionProduct) -> Tensor?, _ type: ElementType, _ what: String) -> String {
      guard all.contains(where: { of($0) != nil }) else { return "" }
      let doubles = all.flatMap { of($0)?.doubles() ?? [Double](repeating: 0, count: $0.width) }
      return add(Tensor(type, doubles: doubles, dims: [width]), what)
    }
    let bias = numbers(\.bias, .float32, "bias")
    var inputs: [String]
    if first.scale != nil {
      let scale = numbers(\.scale, .float32, "scale")
      let zeroPoint = numbers(\.zeroPoint, weights.elementType, "zero_point")
      inputs = node.inputs.prefix(3) + [add(weights, "weights"), scale, bias, "", zeroPoint]
    } else {
      inputs = [node.inputs[0], add(weights, "weights"), bias]
    }
    while inputs.last?.isEmpty ?? false { inputs.removeLast() }
    return Node(
      node.opType, domain: node.domain, name: name, inputs: inputs, outputs: [output],
      attributes: first.isTransposed ? ["transB": .int(1)] : [:], metadata: node.metadata)
  }
}
