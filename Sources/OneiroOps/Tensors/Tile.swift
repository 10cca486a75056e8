import OneiroGraph

/// Tile, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Tile.html
///
/// The input laid side by side, `repeats[i]` times along axis i.
public enum Tile: Operator {
  public static let schema = OpSchema(
    "Tile", since: 13, inputs: [.one("input", "T"), .one("repeats", "T1")], outputs: [.one("output", "T")],
    types: ["T": .beforeFloat8, "T1": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0)
    guard let shape = input.shape else {
      return [.tensor(input.elementType, try node.length(1).map { .unknown(rank: $0) })]
    }
    guard let repeats = node.ints(1) else { return [.tensor(input.elementType, .unknown(rank: shape.count))] }
    guard repeats.count == shape.count, repeats.allSatisfy({ $0 >= 0 }) else {
      throw node.fails(1, expected: "\(shape.count) numbers from 0 up, one for each axis", found: Shape.text(repeats))
    }
    return [.tensor(input.elementType, zip(shape, repeats).map { .product([$0, .known($1)]) })]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let input = try call.tensor(0), repeats = try call.requiredInts(1)
    guard repeats.count == input.rank else {
      throw call.fails("expected \(input.rank) repeats, found \(repeats.count)")
    }
    var dims: [Int] = []
    for (extent, times) in zip(input.dims, repeats) {
      let (product, overflow) = extent.multipliedReportingOverflow(by: times)
      guard !overflow else { throw call.fails("an extent of \(extent) cannot be repeated \(times) times") }
      dims.append(product)
    }
    guard try call.elementCount(dims, of: input.elementType) > 0 else { return [.empty(input.elementType, dims: dims)] }
    return [input.gathering(tables: zip(dims, input.dims).map { length, extent in (0..<length).map { $0 % extent } })]
  }
}
