import OneiroGraph

/// One step of an optimizer of domain ai.onnx.preview.training: learning rate R, update count T, then the tensors to be
/// optimized, their gradients, and one or more kinds of state, a group of each.
enum TrainingStep {
  static let domain = "ai.onnx.preview.training"

  static func schema(_ opType: String, _ attributes: [OpSchema.AttributeSchema]) -> OpSchema {
    let real = ElementTypeSet([.float32, .float64])
    return OpSchema(
      opType, domain: domain, since: 1,
      inputs: [.one("R", "T1"), .one("T", "T2"), .variadic("inputs", "T3", atLeast: 1, sameType: false)],
      outputs: [.variadic("outputs", "T3", atLeast: 1, sameType: false)], attributes: attributes,
      types: ["T1": real, "T2": .int64, "T3": real])
  }
}

extension InferenceContext {
  /// The types of the optimized tensors and of the `states` groups behind the gradients.
  func trainingStep(states: Int) throws(GraphError) -> [ValueType] {
    let tensors = inputs.count - 2
    guard tensors > 0, tensors % (states + 2) == 0 else {
      throw fails("inputs", "expected R, T and groups of \(states + 2), found \(inputs.count) inputs")
    }
    let count = tensors / (states + 2)
    var types: [ValueType] = []
    for index in 0..<count { types.append(.tensor(try tensor(2 + index))) }
    for index in 0..<states * count { types.append(.tensor(try tensor(2 + 2 * count + index))) }
    return types
  }
}

extension KernelCall {
  /// Runs `update` on every element: from (R, T, [X, G, states...]) to [X, states...].
  func trainingStep(
    states: Int, _ update: (Double, Double, [Double]) -> [Double]
  ) throws(KernelError) -> [Tensor] {
    let rate = try tensor(0).doubles(), step = try tensor(1).doubles(), tensors = inputs.count - 2
    guard rate.count == 1, step.count == 1, tensors > 0, tensors % (states + 2) == 0 else {
      throw fails("expected scalars R and T, then groups of \(states + 2) tensors")
    }
    let count = tensors / (states + 2)
    var outputs = [Tensor?](repeating: nil, count: count * (states + 1))
    for index in 0..<count {
      let x = try tensor(2 + index)
      var operands: [[Double]] = []
      for kind in 0..<states + 2 {
        let operand = try tensor(2 + kind * count + index)
        guard operand.dims == x.dims else {
          throw fails("a tensor of shape \(Shape.text(operand.dims)) goes with one of shape \(Shape.text(x.dims))")
        }
        operands.append(operand.doubles())
      }
      var results = [[Double]](repeating: operands[0], count: states + 1)
      for element in 0..<x.count {
        for (kind, value) in update(rate[0], step[0], operands.map { $0[element] }).enumerated() {
          results[kind][element] = value
        }
      }
      for kind in 0...states {
        outputs[kind * count + index] = Tensor(x.elementType, doubles: results[kind], dims: x.dims)
      }
    }
    return outputs.compactMap { $0 }
  }
}
