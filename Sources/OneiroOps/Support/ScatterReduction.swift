import OneiroGraph

/// How ScatterElements and ScatterND treat an element that is written again.
enum ScatterReduction: String {
  case none, add, mul, max, min

  init(_ attributes: NodeAttributes) throws(KernelError) {
    let name = attributes.string("reduction")
    guard let reduction = Self(rawValue: name) else {
      throw KernelError("reduction: expected none, add, mul, max or min, found \"\(name)\"")
    }
    self = reduction
  }

  /// `data` with element i of `updates` written to element `targets[i]`.
  func applied(to data: Tensor, _ updates: Tensor, at targets: [Int]) throws(KernelError) -> Tensor {
    guard updates.count == targets.count, updates.elementType == data.elementType else {
      throw KernelError(
        "\(updates.count) updates of \(updates.elementType.name) for \(targets.count) places of \(data.elementType.name)"
      )
    }
    let type = data.elementType
    if self == .none {
      let both = try Tensor.concatenating([data.reshaped([data.count]), updates.reshaped([updates.count])], axis: 0)
      var source = Array(0..<data.count)
      for (update, target) in targets.enumerated() { source[target] = data.count + update }
      return both.gathering(source, dims: data.dims)
    }
    guard type != .string, !type.isComplex else { throw KernelError("elements of type \(type.name) cannot be reduced") }
    if type.isFloatingPoint {
      var values = data.doubles()
      for (target, update) in zip(targets, updates.doubles()) { values[target] = combine(values[target], update) }
      return Tensor(type, doubles: values, dims: data.dims)
    }
    var values = data.int64s()
    for (target, update) in zip(targets, updates.int64s()) {
      values[target] = combine(values[target], update, isUnsigned: type.isUnsignedInteger)
    }
    return Tensor(type, int64s: values, dims: data.dims)
  }

  /// NaN wins over every number.
  private func combine(_ old: Double, _ new: Double) -> Double {
    switch self {
    case .none: new
    case .add: old + new
    case .mul: old * new
    case .max: old.isNaN || old > new ? old : new
    case .min: old.isNaN || old < new ? old : new
    }
  }

  /// Of bools, `add` is "or" and `mul` is "and".
  private func combine(_ old: Int64, _ new: Int64, isUnsigned: Bool) -> Int64 {
    let isOldLess = isUnsigned ? UInt64(bitPattern: old) < UInt64(bitPattern: new) : old < new
    return switch self {
    case .none: new
    case .add: old &+ new
    case .mul: old &* new
    case .max: isOldLess ? new : old
    case .min: isOldLess ? old : new
    }
  }
}
