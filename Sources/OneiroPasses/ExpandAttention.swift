import OneiroGraph

/// ONNX's Attention (opset 23)  →  the products and the Softmax that it stands for
///
///     q, k, v ── Attention ── y        →        MatMul ── Mul scale ── softcap ── mask ── Softmax ── MatMul ── y
///
/// Without a mask `FuseAttention` then makes one node of it, with whatever stands around; with one, the parts still get
/// fast kernels. A query that may look at nothing gives zeros, and not the NaN that Softmax would make of it.
struct ExpandAttention: RewriteRule {
  let name = "expand-attention"
  let summary = "Attention (opset 23) -> MatMul, mask, Softmax, MatMul"
  let targets: Set<String> = ["Attention"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard let form = AttentionForm(node, in: graph) else { return nil }
    var writer = AttentionWriter(form)
    writer.writeAll()
    return writer.patch
  }
}

/// An Attention of float32 whose shapes are known, and which has neither windows nor a half-filled cache.
private struct AttentionForm {
  let node: Node
  let batch, heads, keyHeads, length, past, total, size, valueSize: Int
  /// Operands are [batch, length, heads * size].
  let isFlat: Bool
  let scale, softcap: Double
  let isCausal: Bool
  let mask: (name: String, isBool: Bool, hidesRows: Bool)?

  init?(_ node: Node, in graph: GraphIndex) {
    let has = { (index: Int) in index < node.inputs.count && !node.inputs[index].isEmpty }
    guard node.op == OpIdentifier("Attention"), !has(6), has(4) == has(5),
      node.outputs.count < 4 || node.outputs[3].isEmpty, !node.outputs[0].isEmpty,
      node.inputs.enumerated().allSatisfy({ index, name in
        !has(index) || index == 3 || graph.types[name]?.elementType == .float32
      }),
      node.int("left_window_size") ?? -1 == -1, node.int("right_window_size") ?? -1 == -1,
      let q = graph.dims(node.inputs[0]), let k = graph.dims(node.inputs[1]), let v = graph.dims(node.inputs[2]),
      q.count == k.count, q.count == v.count, q.count == 3 || q.count == 4
    else { return nil }
    self.node = node
    isFlat = q.count == 3
    batch = q[0]
    heads = isFlat ? Int(node.int("q_num_heads") ?? 0) : q[1]
    keyHeads = isFlat ? Int(node.int("kv_num_heads") ?? 0) : k[1]
    guard heads > 0, keyHeads > 0, heads % keyHeads == 0 else { return nil }
    length = isFlat ? q[1] : q[2]
    size = isFlat ? q[2] / heads : q[3]
    valueSize = isFlat ? v[2] / keyHeads : v[3]
    let past = has(4) ? graph.dims(node.inputs[4])?[2] : 0
    guard let past, let all = Tensor.elementCount([heads, length, past + (isFlat ? k[1] : k[2])]) else { return nil }
    self.past = past
    total = past + (isFlat ? k[1] : k[2])
    guard batch > 0, all > 0, size > 0, valueSize > 0 else { return nil }
    scale = node.float("scale") ?? 1 / Double(size).squareRoot()
    softcap = node.float("softcap") ?? 0
    isCausal = node.int("is_causal") ?? 0 != 0
    guard has(3) else {
      mask = nil
      return
    }
    guard let type = graph.types[node.inputs[3]], type.elementType == .bool || type.elementType == .float32,
      type.dims?.last == total
    else { return nil }
    mask = (node.inputs[3], type.elementType == .bool, Self.hidesRows(graph.constant(node.inputs[3])) || isCausal)
  }

  /// Whether a query might see no key at all; what only a run brings might hide any.
  private static func hidesRows(_ mask: Tensor?) -> Bool {
    guard let mask, let width = mask.dims.last, width > 0 else { return true }
    let shows: [Bool] =
      mask.elementType == .bool ? mask.doubles().map { $0 != 0 } : mask.doubles().map { $0 > -.infinity }
    return stride(from: 0, to: shows.count, by: width).contains { !shows[$0..<$0 + width].contains(true) }
  }
}

/// Adds the nodes one after the other.
private struct AttentionWriter {
  let form: AttentionForm
  var patch: GraphPatch

  init(_ form: AttentionForm) {
    self.form = form
    patch = GraphPatch("\(form.node.label) of \(form.heads) heads")
    patch.remove(form.node)
  }

  private func name(_ part: String) -> String { "\(form.node.outputs[0])#\(part)" }

  private mutating func add(
    _ opType: String, _ inputs: [String], to output: String, _ attributes: [String: Attribute] = [:]
  ) -> String {
    patch.add(
      Node(
        opType, name: output, inputs: inputs, outputs: [output], attributes: attributes, metadata: form.node.metadata))
    return output
  }

  private mutating func constant(_ part: String, _ value: Float) -> String {
    patch.addInitializer(name(part), Tensor(.float32, doubles: [Double(value)], dims: []))
    return name(part)
  }

  mutating func writeAll() {
    let node = form.node, group = form.heads / form.keyHeads
    let stacked = [form.batch, form.keyHeads, group * form.length]
    var q = headsFirst(node.inputs[0], form.heads, form.size, "q")
    let k = joined(headsFirst(node.inputs[1], form.keyHeads, form.size, "k"), past: 4, output: 1, "keys")
    let v = joined(headsFirst(node.inputs[2], form.keyHeads, form.valueSize, "v"), past: 5, output: 2, "values")
    // Queries that share a head of the keys stand below each other: one product serves them all.
    if group > 1 { q = reshaped(q, stacked + [form.size], "grouped") }
    patch.addTranspose(k, [0, 1, 3, 2], name("kt"), like: node)
    var scores = add("MatMul", [q, name("kt")], to: name("products"))
    if group > 1 { scores = reshaped(scores, [form.batch, form.heads, form.length, form.total], "scores") }
    scores = add("Mul", [scores, constant("scale", Float(form.scale))], to: name("scaled"))
    var weights = weights(capped(scores))
    if group > 1 { weights = reshaped(weights, stacked + [form.total], "stacked") }
    guard form.isFlat || group > 1 else {
      _ = add("MatMul", [weights, v], to: node.outputs[0])
      return
    }
    let mix = add("MatMul", [weights, v], to: name("mix"))
    guard form.isFlat else {
      patch.addReshape(mix, to: [form.batch, form.heads, form.length, form.valueSize], node.outputs[0], like: node)
      return
    }
    let split =
      group > 1 ? reshaped(mix, [form.batch, form.heads, form.length, form.valueSize], "ungrouped") : mix
    patch.addTranspose(split, [0, 2, 1, 3], name("rows"), like: node)
    patch.addReshape(
      name("rows"), to: [form.batch, form.length, form.heads * form.valueSize], node.outputs[0], like: node)
  }

  private mutating func reshaped(_ value: String, _ dims: [Int], _ part: String) -> String {
    patch.addReshape(value, to: dims, name(part), like: form.node)
    return name(part)
  }

  /// [batch, heads, rows, size], whichever way the operand lies.
  private mutating func headsFirst(_ value: String, _ heads: Int, _ size: Int, _ part: String) -> String {
    guard form.isFlat else { return value }
    let split = reshaped(value, [form.batch, part == "q" ? form.length : -1, heads, size], "\(part).split")
    patch.addTranspose(split, [0, 2, 1, 3], name("\(part).heads"), like: form.node)
    return name("\(part).heads")
  }

  /// Behind those of the past, where there are any; under the name of the output where that is wanted.
  private mutating func joined(_ value: String, past: Int, output: Int, _ part: String) -> String {
    let node = form.node
    let wanted = output < node.outputs.count && !node.outputs[output].isEmpty ? node.outputs[output] : nil
    if past < node.inputs.count, !node.inputs[past].isEmpty {
      return add("Concat", [node.inputs[past], value], to: wanted ?? name(part), ["axis": .int(2)])
    }
    if let wanted { _ = add("Identity", [value], to: wanted) }
    return value
  }

  private mutating func capped(_ scores: String) -> String {
    guard form.softcap != 0 else { return scores }
    let cap = constant("cap", Float(form.softcap))
    let inside = add("Div", [scores, cap], to: name("over"))
    let bent = add("Tanh", [inside], to: name("bent"))
    return add("Mul", [bent, cap], to: name("capped"))
  }

  private mutating func weights(_ scores: String) -> String {
    var scores = scores, visible: String?
    if form.isCausal {
      // The first query stands beside the first key behind the past.
      let seen = (0..<form.length * form.total).map { $0 % form.total <= $0 / form.total + form.past ? 1.0 : 0.0 }
      patch.addInitializer(name("causal"), Tensor(.bool, doubles: seen, dims: [form.length, form.total]))
      visible = name("causal")
    }
    if let mask = form.mask {
      if mask.isBool {
        visible = visible.map { add("And", [mask.name, $0], to: name("visible")) } ?? mask.name
      } else {
        scores = add("Add", [scores, mask.name], to: name("biased"))
      }
    }
    let hidden = visible == nil && form.mask == nil ? "" : constant("hidden", -.infinity)
    if let visible { scores = add("Where", [visible, scores, hidden], to: name("masked")) }
    let weights = add("Softmax", [scores], to: name("weights"), ["axis": .int(-1)])
    guard let mask = form.mask, mask.hidesRows else { return weights }
    let none = constant("none", 0)
    if mask.isBool, let visible { return add("Where", [visible, weights, none], to: name("shown")) }
    patch.addInitializer(name("axis"), Tensor([Int64(-1)], dims: [1]))
    let largest = add("ReduceMax", [scores, name("axis")], to: name("largest"), ["keepdims": .int(1)])
    let blind = add("Equal", [largest, hidden], to: name("blind"))
    return add("Where", [blind, none, weights], to: name("shown"))
  }
}

extension Node {
  /// An attribute that is an int; `nil` when it is left out.
  func int(_ name: String) -> Int64? {
    if case .int(let value) = attributes[name] { value } else { nil }
  }

  /// An attribute that is a float; `nil` when it is left out.
  fileprivate func float(_ name: String) -> Double? {
    if case .float(let value) = attributes[name] { Double(value) } else { nil }
  }
}
