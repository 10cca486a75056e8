import OneiroGraph

/// Operators on any number of broadcast inputs: Max, Min, Sum, Mean.
extension InferenceContext {
  public func broadcastAll() throws(GraphError) -> [ValueType] {
    [.tensor(try elementType(0), try broadcast(Array(inputs.indices)))]
  }
}

extension KernelCall {
  /// All inputs, broadcast to their common shape.
  private func broadcastTensors() throws(KernelError) -> [Tensor] {
    guard !inputs.isEmpty else { throw fails("has no inputs") }
    var tensors: [Tensor] = []
    for index in inputs.indices { tensors.append(try tensor(index)) }
    guard let dims = Shape.broadcast(tensors.map(\.dims)) else {
      throw fails("shapes \(tensors.map { Shape.text($0.dims) }.joined(separator: " and ")) do not broadcast")
    }
    return tensors.map { $0.broadcast(to: dims) }
  }

  /// The inputs folded from left to right, element by element; integers in the order of their type.
  public func foldInputs(
    floats: (Double, Double) -> Double, ordered: (Int64, Int64) -> Int64
  ) throws(KernelError) -> [Tensor] {
    let tensors = try broadcastTensors()
    let type = tensors[0].elementType, dims = tensors[0].dims
    if type.isFloatingPoint {
      let values = tensors.dropFirst().reduce(tensors[0].doubles()) { zip($0, $1.doubles()).map { floats($0, $1) } }
      return [Tensor(type, doubles: values, dims: dims)]
    }
    let values = tensors.dropFirst().reduce(tensors[0].orderedInt64s()) {
      zip($0, $1.orderedInt64s()).map { ordered($0, $1) }
    }
    return [Tensor(type, orderedInt64s: values, dims: dims)]
  }

  /// The sum of floating-point inputs, divided by `divisor`.
  public func sumInputs(dividedBy divisor: Double) throws(KernelError) -> [Tensor] {
    let tensors = try broadcastTensors()
    let sums = tensors.dropFirst().reduce(tensors[0].doubles()) { zip($0, $1.doubles()).map { $0 + $1 } }
    return [Tensor(tensors[0].elementType, doubles: sums.map { $0 / divisor }, dims: tensors[0].dims)]
  }
}
