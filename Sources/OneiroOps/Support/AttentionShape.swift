import OneiroGraph

/// The extents that Attention's inputs agree on, as far as they are known.
struct AttentionShape {
  let batch, queryHeads, keyHeads, queryLength, keyLength, pastLength, headSize, valueHeadSize: Dimension
  /// [batch, length, heads * size] instead of [batch, heads, length, size].
  let isFlat: Bool

  /// Elements of the present keys: cached ones, then new ones.
  var totalLength: Dimension {
    if let past = pastLength.extent, let new = keyLength.extent { return .known(past + new) }
    return pastLength == .known(0) ? keyLength : .unknown
  }

  /// `nil` when not even the rank of Q is known.
  init?(_ node: InferenceContext) throws(GraphError) {
    guard let rank = try node.shape(0)?.count else { return nil }
    guard rank == 3 || rank == 4 else { throw node.fails(0, expected: "rank 3 or 4", found: "rank \(rank)") }
    isFlat = rank == 3
    var parts: [[Dimension]] = []
    for (index, heads) in [(0, "q_num_heads"), (1, "kv_num_heads"), (2, "kv_num_heads")] {
      parts.append(try Self.split(node, index, rank: rank, heads: heads))
    }
    let past = try Self.past(node, 4), pastValue = try Self.past(node, 5)
    guard node.has(4) == node.has(5) else {
      throw node.fails(nil, "past_key and past_value come together or not at all")
    }
    guard !node.has(4) || !node.has(6) else {
      throw node.fails(6, expected: "nothing beside past_key", found: "a value")
    }
    let filled = node.has(6) ? try node.shape(6) ?? [.unknown] : [.unknown]
    guard filled.count == 1 else { throw node.fails(6, expected: "rank 1", found: "rank \(filled.count)") }
    batch = try Self.agree(node, "batch", [parts[0][0], parts[1][0], parts[2][0], past[0], pastValue[0], filled[0]])
    queryHeads = parts[0][1]
    queryLength = parts[0][2]
    keyHeads = try Self.agree(node, "number of key and value heads", [parts[1][1], parts[2][1], past[1], pastValue[1]])
    keyLength = try Self.agree(node, "length of keys and values", [parts[1][2], parts[2][2]])
    pastLength = node.has(4) ? try Self.agree(node, "length of the past", [past[2], pastValue[2]]) : .known(0)
    headSize = try Self.agree(node, "head size of queries and keys", [parts[0][3], parts[1][3], past[3]])
    valueHeadSize = try Self.agree(node, "head size of values", [parts[2][3], pastValue[3]])
    if let mine = queryHeads.extent, let theirs = keyHeads.extent, theirs == 0 ? mine != 0 : mine % theirs != 0 {
      throw node.fails(nil, "\(mine) query heads cannot share \(theirs) key heads evenly")
    }
  }

  /// [batch, heads, length, head size] of input `index`.
  private static func split(
    _ node: InferenceContext, _ index: Int, rank: Int, heads attribute: String
  ) throws(GraphError) -> [Dimension] {
    let heads = node.attributes.optionalInt(attribute)
    if rank == 3, (heads ?? 0) < 1 {
      throw .mismatch(
        node: node.node, "attribute \(attribute)", expected: "1 or more", found: heads.map { "\($0)" } ?? "nothing",
        because: "Q has rank 3")
    }
    guard let shape = try node.shape(index) else {
      return [.unknown, heads.map { .known($0) } ?? .unknown, .unknown, .unknown]
    }
    guard shape.count == rank else { throw node.fails(index, expected: "rank \(rank)", found: "rank \(shape.count)") }
    guard rank == 3, let heads else { return shape }
    guard let width = shape[2].extent else { return [shape[0], .known(heads), shape[1], .unknown] }
    guard width % heads == 0 else {
      throw node.fails(index, expected: "a width of \(heads) equal heads", found: "\(width)")
    }
    return [shape[0], .known(heads), shape[1], .known(width / heads)]
  }

  private static func past(_ node: InferenceContext, _ index: Int) throws(GraphError) -> [Dimension] {
    guard node.has(index), let shape = try node.shape(index) else { return [Dimension](repeating: .unknown, count: 4) }
    guard shape.count == 4 else { throw node.fails(index, expected: "rank 4", found: "rank \(shape.count)") }
    return shape
  }

  /// The one extent that all of `dimensions` can have.
  private static func agree(_ node: InferenceContext, _ what: String, _ dimensions: [Dimension]) throws(GraphError)
    -> Dimension
  {
    let known = Set(dimensions.compactMap(\.extent))
    guard known.count <= 1 else { throw node.fails(nil, "the inputs disagree on the \(what): \(known.sorted())") }
    return known.first.map { .known($0) } ?? dimensions.first { $0 != .unknown } ?? .unknown
  }
}
