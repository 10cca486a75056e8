import OneiroGraph

/// Operators that look at the elements along one axis together: Softmax and its relatives.
extension InferenceContext {
  /// The type of input 0, whose rank attribute `axis` has to fit.
  public func sameShapeAlongAxis() throws(GraphError) -> [ValueType] {
    let type = try tensor(0)
    if let shape = type.shape, !shape.isEmpty { _ = try axis("axis", rank: shape.count) }
    return [.tensor(type)]
  }
}

extension KernelCall {
  /// Rewrites the floats of input 0 line by line along attribute `axis`. A scalar is one line of one element.
  public func mapLines(_ rewrite: (inout [Double]) -> Void) throws(KernelError) -> [Tensor] {
    let input = try tensor(0)
    let dims = input.rank == 0 ? [1] : input.dims
    let split = AxisSplit(dims, axis: try axis(attributes.int("axis"), rank: dims.count))
    guard input.count > 0 else { return [input] }
    var values = input.doubles()
    var line = [Double](repeating: 0, count: split.length)
    split.forEachLine { start in
      for index in line.indices { line[index] = values[start + index * split.inner] }
      rewrite(&line)
      for index in line.indices { values[start + index * split.inner] = line[index] }
    }
    return [Tensor(input.elementType, doubles: values, dims: input.dims)]
  }
}
