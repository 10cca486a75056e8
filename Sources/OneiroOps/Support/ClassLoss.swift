import OneiroGraph

/// The losses over classes: input [N, C, d...], labels [N, d...], weights [C].
extension InferenceContext {
  /// The type of the loss: that of the labels' shape, or a scalar when reduced.
  func classLoss() throws(GraphError) -> ValueType {
    let input = try tensor(0)
    let reduction = attributes.string("reduction")
    guard ["none", "mean", "sum"].contains(reduction) else {
      throw .mismatch(node: node, "attribute reduction", expected: "none, mean or sum", found: reduction)
    }
    var labels = try shape(1)
    if let shape = input.shape {
      guard shape.count >= 2 else { throw fails(0, expected: "rank 2 or more", found: "rank \(shape.count)") }
      let expected = [shape[0]] + shape[2...]
      if let labels, labels.count != expected.count || !zip(labels, expected).allSatisfy({ $0.agrees(with: $1) }) {
        throw fails(
          1, expected: TensorType(.int64, expected).shapeText, found: TensorType(.int64, labels).shapeText,
          because: "the input has shape \(input.shapeText)")
      }
      labels = expected
    }
    return .tensor(input.elementType, reduction == "none" ? labels : [])
  }
}

extension KernelCall {
  /// The loss for log-probabilities `values`, which have the shape of input 0: -weight * log-probability of the label's
  /// class, zero for labels that are ignored; their weighted mean or sum when `reduction` says so.
  func classLoss(_ values: [Double]) throws(KernelError) -> Tensor {
    let input = try tensor(0), labels = try tensor(1)
    guard input.rank >= 2, labels.dims == [input.dims[0]] + input.dims[2...] else {
      throw fails("labels of shape \(Shape.text(labels.dims)) do not fit an input of shape \(Shape.text(input.dims))")
    }
    let classes = input.dims[1], inner = Shape.count(input.dims[2...])
    let weights = optionalTensor(2)?.doubles()
    guard weights == nil || weights?.count == classes else { throw fails("weights: expected \(classes) elements") }
    let ignored = attributes.optionalInt("ignore_index").map(Int64.init)
    var losses = [Double](repeating: 0, count: labels.count), total = 0.0
    for (index, label) in labels.int64s().enumerated() where label != ignored {
      guard label >= 0, label < classes else { throw fails("label \(label): expected 0 ... \(classes - 1)") }
      let weight = weights?[Int(label)] ?? 1
      losses[index] = -weight * values[(index / inner * classes + Int(label)) * inner + index % inner]
      total += weight
    }
    switch attributes.string("reduction") {
    case "none": return Tensor(input.elementType, doubles: losses, dims: labels.dims)
    case "sum": return Tensor(input.elementType, doubles: [losses.reduce(0, +)], dims: [])
    default: return Tensor(input.elementType, doubles: [losses.reduce(0, +) / total], dims: [])
    }
  }
}
