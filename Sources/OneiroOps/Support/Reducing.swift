import OneiroGraph

/// What the Reduce operators have in common: which axes vanish, and a walk that folds every element into its result.
///
/// No axes, left out or empty, means all of them, or none at all with `noop_with_empty_axes`.
enum Reduction {
  static func schema(_ opType: String, since: Int, types: ElementTypeSet = .products) -> OpSchema {
    OpSchema(
      opType, since: since, inputs: [.one("data", "T"), .optional("axes", "I")], outputs: [.one("reduced", "T")],
      attributes: [.int("keepdims", default: 1), .int("noop_with_empty_axes", default: 0)],
      types: ["T": types, "I": .int64])
  }

  /// Which of `rank` axes are reduced; axes out of range are left out.
  static func isReduced(_ axes: [Int], rank: Int, isNoop: Bool) -> [Bool] {
    if axes.isEmpty { return [Bool](repeating: !isNoop, count: rank) }
    return (0..<rank).map { axes.contains($0) || axes.contains($0 - rank) }
  }
}

extension InferenceContext {
  /// The type of a Reduce operator's output.
  func reduced() throws(GraphError) -> [ValueType] {
    let data = try tensor(0)
    let keeps = attributes.bool("keepdims"), isNoop = attributes.bool("noop_with_empty_axes")
    guard let shape = data.shape else { return [.tensor(data.elementType, nil)] }
    guard let axes = has(1) ? ints(1) : [] else {
      // How many axes there are is known more often than which: it settles the rank.
      guard let count = try self.shape(1)?.first?.extent, count > 0 || isNoop else {
        return [.tensor(data.elementType, keeps ? shape.map { _ in .unknown } : nil)]
      }
      if count == 0 { return [.tensor(data.elementType, shape)] }
      let rank = keeps ? shape.count : shape.count - count
      return [.tensor(data.elementType, rank >= 0 ? [Dimension](repeating: .unknown, count: rank) : nil)]
    }
    for axis in axes { _ = try self.axis(axis, rank: shape.count, subject(1)) }
    let isReduced = Reduction.isReduced(axes, rank: shape.count, isNoop: isNoop)
    let dims = zip(shape, isReduced).compactMap { extent, isReduced -> Dimension? in
      isReduced ? (keeps ? .known(1) : nil) : extent
    }
    return [.tensor(data.elementType, dims)]
  }
}

/// One call of a Reduce operator, its axes resolved.
struct ReductionCall {
  let data: Tensor
  /// The shape of the result.
  let dims: [Int]
  /// How many elements the result has, and how many are folded into each.
  let count: Int
  let length: Int
  /// Between neighbours of the data, as offsets into the result: 0 along reduced axes.
  private let strides: [Int]

  init(_ call: KernelCall) throws(KernelError) {
    data = try call.tensor(0)
    let axes = call.ints(1) ?? []
    for axis in axes { _ = try call.axis(axis, rank: data.rank) }
    let isReduced = Reduction.isReduced(axes, rank: data.rank, isNoop: call.attributes.bool("noop_with_empty_axes"))
    let kept = zip(data.dims, isReduced).map { $1 ? 1 : $0 }
    let pruned = zip(data.dims, isReduced).compactMap { $1 ? nil : $0 }
    dims = call.attributes.bool("keepdims") ? kept : pruned
    count = try call.elementCount(dims, of: data.elementType)
    length = Shape.count(zip(data.dims, isReduced).compactMap { $1 ? $0 : nil })
    strides = zip(Shape.strides(kept), isReduced).map { $1 ? 0 : $0 }
  }

  /// Folds `values`, elements of the data in order, into one result each, starting from `identity`.
  func fold<Number>(_ values: [Number], from identity: Number, _ combine: (Number, Number) -> Number) -> [Number] {
    var result = [Number](repeating: identity, count: count)
    Shape.walk(data.dims, strides) { linear, target in result[target] = combine(result[target], values[linear]) }
    return result
  }

  /// For every element of the data, the element of `results` that it belongs to.
  func spread(_ results: [Double]) -> [Double] {
    var values = [Double](repeating: 0, count: data.count)
    Shape.walk(data.dims, strides) { linear, source in values[linear] = results[source] }
    return values
  }

  func result(_ values: [Double]) -> [Tensor] { [Tensor(data.elementType, doubles: values, dims: dims)] }
  func result(_ values: [Int64]) -> [Tensor] { [Tensor(data.elementType, int64s: values, dims: dims)] }
}
