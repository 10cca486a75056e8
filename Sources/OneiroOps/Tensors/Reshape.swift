import OneiroGraph

/// Reshape, ai.onnx opset 21: https://onnx.ai/onnx/operators/onnx__Reshape.html
///
/// In `shape`, -1 is what is left over and 0 copies the input's extent, unless `allowzero` makes it a real zero.
public enum Reshape: Operator {
  public static let schema = OpSchema(
    "Reshape", since: 21, inputs: [.one("data", "T"), .one("shape", "S")], outputs: [.one("reshaped", "T")],
    attributes: [.int("allowzero", default: 0)], types: ["T": .all, "S": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0)
    guard let wanted = node.ints(1) else {
      // The length of `shape`, when known, is at least the rank.
      let rank = try node.shape(1)?.first?.extent
      return [.tensor(data.elementType, rank.map { [Dimension](repeating: .unknown, count: $0) })]
    }
    if let dims = data.dims {
      do {
        return [
          .tensor(data.elementType, dims: try resolve(wanted, dims, allowsZero: node.attributes.bool("allowzero")))
        ]
      } catch {
        throw node.fails(
          1, expected: "a shape of \(Shape.text(dims))'s element count", found: "\(wanted)", because: error.description)
      }
    }
    let inferred = wanted.enumerated().map { axis, extent -> Dimension in
      if extent > 0 { return .known(extent) }
      if extent == 0 && !node.attributes.bool("allowzero"), let shape = data.shape, axis < shape.count {
        return shape[axis]
      }
      return extent == 0 && node.attributes.bool("allowzero") ? .known(0) : .unknown
    }
    return [.tensor(data.elementType, inferred)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0)
    return [data.reshaped(try resolve(call.ints(1) ?? [], data.dims, allowsZero: call.attributes.bool("allowzero")))]
  }

  /// The shape that `wanted` asks for, given the extents of the data.
  static func resolve(_ wanted: [Int], _ dims: [Int], allowsZero: Bool) throws(KernelError) -> [Int] {
    var result = wanted
    for (axis, extent) in wanted.enumerated() where extent == 0 && !allowsZero {
      guard axis < dims.count else { throw KernelError("axis \(axis) copies an extent that the data does not have") }
      result[axis] = dims[axis]
    }
    guard let count = Tensor.elementCount(dims), wanted.allSatisfy({ $0 >= -1 }) else {
      throw KernelError("an extent is below -1")
    }
    let holes = result.indices.filter { result[$0] == -1 }
    guard holes.count <= 1 else { throw KernelError("more than one extent is -1") }
    if let hole = holes.first {
      guard let rest = Tensor.elementCount(result.filter { $0 != -1 }), rest != 0 ? count % rest == 0 : count == 0
      else {
        throw KernelError("the other extents do not divide \(count) elements")
      }
      result[hole] = rest == 0 ? 0 : count / rest
    }
    guard Tensor.elementCount(result) == count else { throw KernelError("it has not \(count) elements") }
    return result
  }
}
