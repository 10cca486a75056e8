import OneiroGraph

/// Gather, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Gather.html
///
///     output[i..., j..., k...] = data[i..., indices[j...], k...]     where indices stand for one axis
public enum Gather: Operator {
  public static let schema = OpSchema(
    "Gather", since: 13, inputs: [.one("data", "T"), .one("indices", "Tind")], outputs: [.one("output", "T")],
    attributes: [.int("axis", default: 0)], types: ["T": .beforeFloat8, "Tind": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0)
    guard let shape = data.shape else { return [.tensor(data.elementType, nil)] }
    let axis = try node.axis("axis", rank: shape.count)
    guard let indices = try node.shape(1) else { return [.tensor(data.elementType, nil)] }
    return [.tensor(data.elementType, shape[..<axis] + indices + shape[(axis + 1)...])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0), indices = try call.tensor(1)
    let axis = try call.axis(call.attributes.int("axis"), rank: data.rank)
    let dims = data.dims[..<axis] + indices.dims + data.dims[(axis + 1)...]
    let count = try call.elementCount(Array(dims), of: data.elementType)
    let rows = try Shape.positions(try call.requiredInts(1), extent: data.dims[axis])
    guard count > 0 else { return [.empty(data.elementType, dims: Array(dims))] }
    let outer = Shape.count(data.dims[..<axis]), inner = Shape.count(data.dims[(axis + 1)...])
    var source: [Int] = []
    source.reserveCapacity(count)
    for block in 0..<outer {
      for row in rows {
        let first = (block * data.dims[axis] + row) * inner
        source.append(contentsOf: first..<first + inner)
      }
    }
    return [data.gathering(source, dims: Array(dims))]
  }
}

extension Shape {
  /// Indices along an axis brought into 0 ..< extent; negative ones count from the end.
  static func positions(_ indices: [Int], extent: Int) throws(KernelError) -> [Int] {
    var positions = indices
    for (place, index) in indices.enumerated() { positions[place] = try position(index, extent: extent) }
    return positions
  }

  static func position(_ index: Int, extent: Int) throws(KernelError) -> Int {
    guard index >= -extent, index < extent else {
      throw KernelError("index \(index) is outside \(-extent) ..< \(extent)")
    }
    return index < 0 ? index + extent : index
  }
}
