import OneiroGraph

extension Conformance {
  static let attention: [Case] = {
    let name = "ScaledDotProductAttention", domain = Model.oneiroDomain
    func test(
      _ text: String, q: Tensor, k: Tensor, v: Tensor, heads: Int, scale: Float? = nil, constant: Bool = false,
      bits: Int? = nil
    ) -> Case {
      var attributes: [String: Attribute] = ["heads": .int(Int64(heads))]
      attributes["scale"] = scale.map(Attribute.float)
      attributes["operand_bits"] = bits.map { .int(Int64($0)) }
      return Case(
        name, domain: domain, bits.map { "\(text), in \($0) bits" } ?? text,
        constant ? [.input(q), .constant(k), .constant(v)] : [.input(q), .input(k), .input(v)], attributes,
        tolerance: bits == nil ? 1e-5 : 0.03)
    }
    // Batch, queries, keys, heads, size, size of values.
    let shapes: [(String, Int, Int, Int, Int, Int, Int)] = [
      ("one of everything", 1, 1, 1, 1, 1, 1), ("odd everywhere", 3, 5, 7, 3, 5, 9),
      ("one query", 2, 1, 301, 2, 16, 16),
      ("one key", 1, 37, 1, 2, 8, 24), ("just past a panel", 1, 33, 13, 1, 17, 13),
      ("just past a block", 1, 31, 193, 2, 40, 40), ("as long as two blocks", 1, 8, 384, 1, 8, 8),
      ("cross attention", 2, 50, 77, 2, 40, 40), ("wide heads", 1, 40, 70, 1, 160, 160),
      ("one very wide head", 1, 35, 130, 1, 512, 512), ("wide enough for threads", 2, 150, 210, 3, 20, 28),
      ("several groups of panels", 1, 300, 64, 1, 24, 24), ("no batches", 0, 3, 4, 2, 8, 8),
      ("no queries", 1, 0, 4, 2, 8, 8), ("no keys is zero", 2, 3, 0, 2, 8, 8),
      ("no size is the mean", 1, 3, 5, 2, 0, 4),
      ("no values", 1, 3, 5, 2, 4, 0),
    ]
    var cases = [nil, 8].flatMap { bits in
      shapes.map { (text, n, t, s, heads, d, dv) in
        test(
          text, q: .random([n, t, heads * d], -2...2), k: .random([n, s, heads * d], -2...2, seed: 2),
          v: .random([n, s, heads * dv], seed: 3), heads: heads, bits: bits)
      }
    }
    let q = Tensor.random([2, 9, 8], -2...2), k = Tensor.random([2, 401, 8], -2...2, seed: 2)
    let v = Tensor.random([2, 401, 6], seed: 3)
    // Columns of keys that lie far from zero: what all scores of a query have in common says nothing.
    let shifted = Tensor(k.doubles().enumerated().map { Float($1) + ($0 % 8 % 3 == 0 ? 50 : 0) }, dims: k.dims)
    // One key in each of two heads far above all others, by as much as no exponent holds.
    let outstanding = Tensor.full([2, 401, 8], 1e4).replacing([
      300 * 8 + 1: 4e4, 17 * 8 + 6: 4e4, (401 + 5) * 8: 4e4, (401 + 400) * 8 + 7: 4e4,
    ])
    cases += ([1e-7, 1e-5, 1] as [Float]).map { scale in
      test(
        "one key far above the others, scale \(scale)", q: .random([2, 9, 8], 2e4...1e5), k: outstanding, v: v,
        heads: 2, scale: scale, bits: 8)
    }
    cases += [
      test("scale below zero", q: q, k: k, v: v, heads: 2, scale: -2, bits: 8),
      test("scale zero is the mean", q: q, k: k, v: v, heads: 2, scale: 0, bits: 8),
      test("constant keys and values", q: q, k: k, v: v, heads: 2, constant: true, bits: 8),
      test("keys far from zero", q: q, k: shifted, v: v, heads: 2, bits: 8),
      test("queries of zeros", q: .full([2, 9, 8], 0), k: k, v: v, heads: 2, bits: 8),
      test("a NaN query spoils its row of its head", q: q.replacing([10: .nan]), k: k, v: v, heads: 2, bits: 8),
      test("an infinite query as well", q: q.replacing([10: .infinity]), k: k, v: v, heads: 2, bits: 8),
      test(
        "a NaN key in the last block spoils its head", q: q, k: k.replacing([400 * 8 + 1: .nan]), v: v, heads: 2,
        bits: 8),
      test("a NaN value spoils its column", q: q, k: k, v: v.replacing([350 * 6 + 4: .nan]), heads: 2, bits: 8),
      test("scale", q: q, k: k, v: v, heads: 2, scale: 1.5),
      test("scale below zero", q: q, k: k, v: v, heads: 2, scale: -2),
      test("scale zero is the mean", q: q, k: k, v: v, heads: 2, scale: 0),
      test("constant keys and values", q: q, k: k, v: v, heads: 2, constant: true),
      test("scores far apart", q: q, k: k, v: v, heads: 2, scale: 10),
      test(
        "scores of 1e9", q: .random([2, 9, 2], 2e4...1e5), k: .random([2, 17, 2], 1e4...4e4, seed: 2),
        v: .random([2, 17, 6], seed: 3), heads: 2, scale: 1),
      test("a NaN query spoils its row of its head", q: q.replacing([10: .nan]), k: k, v: v, heads: 2),
      test("a NaN key in the last block spoils its head", q: q, k: k.replacing([400 * 8 + 1: .nan]), v: v, heads: 2),
      test("a NaN value spoils its column", q: q, k: k, v: v.replacing([350 * 6 + 4: .nan]), heads: 2),
      test("an infinite value", q: q, k: k, v: v.replacing([6: .infinity]), heads: 2),
    ]
    let rows = Tensor.random([2, 37, 30], -2...2)
    for bits in [32, 8] {
      func columns(
        _ text: String, _ inputs: [Case.Operand], widths: [Int64], offsets: [Int64]? = nil, heads: Int64
      ) -> Case {
        var attributes: [String: Attribute] = [
          "heads": .int(heads), "operand_bits": .int(Int64(bits)), "qkv_widths": .ints(widths),
        ]
        attributes["qkv_offsets"] = offsets.map(Attribute.ints)
        let tolerance = bits == 32 ? 1e-5 : 0.03
        return Case(name, domain: domain, "\(text), in \(bits) bits", inputs, attributes, tolerance: tolerance)
      }
      let three: [Case.Operand] = [.input(q), .input(k), .input(v)]
      let same: [Case.Operand] = [.input(rows), .input(rows), .input(rows)]
      cases.append(columns("columns of one input", same, widths: [10, 10, 8], offsets: [0, 10, 21], heads: 2))
      cases.append(columns("columns that overlap", same, widths: [12, 12, 30], offsets: [3, 4, 0], heads: 3))
      cases.append(columns("columns of three inputs", three, widths: [4, 4, 2], offsets: [4, 2, 4], heads: 2))
      cases.append(columns("no columns", three, widths: [4, 4, 0], offsets: [4, 2, 6], heads: 2))
      cases.append(
        columns(
          "first columns of constant keys and values", [.input(rows), .constant(rows), .constant(rows)],
          widths: [9, 9, 12], heads: 3))
      cases.append(
        columns(
          "a NaN outside of what is read",
          [.input(q.replacing([8: .nan])), .input(k), .input(v.replacing([12: .nan]))],
          widths: [4, 4, 4], offsets: [4, 4, 2], heads: 1))
    }
    // Positive queries: an infinite key is an infinite score for all of them.
    let positive = Tensor.random([1, 5, 4], 0.5...1), values = Tensor.random([1, 400, 4], seed: 3)
    let keys = Tensor.random([1, 400, 4], seed: 2)
    func marked(_ range: Range<Int>, _ value: Float) -> Tensor {
      keys.replacing(Dictionary(uniqueKeysWithValues: range.map { ($0 * 4, value) }))
    }
    cases += [
      test("all scores minus infinity", q: positive, k: marked(0..<400, -.infinity), v: values, heads: 1),
      test("a first block of minus infinity", q: positive, k: marked(0..<200, -.infinity), v: values, heads: 1),
      test("a last block of minus infinity", q: positive, k: marked(192..<400, -.infinity), v: values, heads: 1),
      test("one score of plus infinity", q: positive, k: marked(10..<11, .infinity), v: values, heads: 1),
      test("plus infinity in the last block", q: positive, k: marked(399..<400, .infinity), v: values, heads: 1),
    ]
    let exact = cases.filter { if case .int(8)? = $0.graph.nodes[0].attributes["operand_bits"] { false } else { true } }
    return cases + ["blocks", "few keys"].flatMap { method in exact.map { $0.by(method) } }
  }()
}
