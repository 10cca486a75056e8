import OneiroGraph

/// AffineGrid, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__AffineGrid.html
///
/// For each pixel of `size`, [N, C, H, W] or [N, C, D, H, W], its place in -1 ... 1 (x, y and perhaps z) moved by the
/// matrix `theta`: what GridSample takes.
public enum AffineGrid: Operator {
  public static let schema = OpSchema(
    "AffineGrid", since: 20, inputs: [.one("theta", "T1"), .one("size", "T2")], outputs: [.one("grid", "T1")],
    attributes: [.int("align_corners", default: 0)], types: ["T1": .floats, "T2": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(0)
    if let size = node.ints(1) { return [.tensor(type, dims: try node.checking(node.subject(1), try gridShape(size)))] }
    guard let length = try node.length(1) else { return [.tensor(type, nil)] }
    guard length == 4 || length == 5 else { throw node.fails(1, expected: "4 or 5 extents", found: "\(length)") }
    return [.tensor(type, .unknown(rank: length - 1) + [.known(length - 2)])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let theta = try call.tensor(0), dims = try gridShape(try call.requiredInts(1))
    let spatial = Array(dims.dropFirst().dropLast()), axisCount = spatial.count
    guard theta.dims == [dims[0], axisCount, axisCount + 1] else {
      throw call.fails(
        "theta: expected shape [\(dims[0]),\(axisCount),\(axisCount + 1)], found \(Shape.text(theta.dims))")
    }
    let count = try call.elementCount(dims, of: theta.elementType)
    guard count > 0 else { return [.empty(theta.elementType, dims: dims)] }
    let matrix = theta.doubles(), alignsCorners = call.attributes.bool("align_corners")
    let places = spatial.map { extent in (0..<extent).map { place($0, extent: extent, alignsCorners: alignsCorners) } }
    let strides = Shape.strides(spatial), perBatch = Shape.count(spatial)
    var grid: [Double] = []
    grid.reserveCapacity(count)
    for batch in 0..<dims[0] {
      for pixel in 0..<perBatch {
        for row in 0..<axisCount {
          let first = (batch * axisCount + row) * (axisCount + 1)
          var sum = matrix[first + axisCount]
          // x, the first coordinate, runs along the last axis.
          for column in 0..<axisCount {
            let axis = axisCount - 1 - column
            sum += matrix[first + column] * places[axis][pixel / strides[axis] % spatial[axis]]
          }
          grid.append(sum)
        }
      }
    }
    return [Tensor(theta.elementType, doubles: grid, dims: dims)]
  }

  /// -1 and 1 are the centres of the outermost pixels, or their outer edges.
  private static func place(_ index: Int, extent: Int, alignsCorners: Bool) -> Double {
    if alignsCorners { return extent == 1 ? 0 : 2 * Double(index) / Double(extent - 1) - 1 }
    return (2 * Double(index) + 1) / Double(extent) - 1
  }

  private static func gridShape(_ size: [Int]) throws(KernelError) -> [Int] {
    guard size.count == 4 || size.count == 5, size.allSatisfy({ $0 >= 0 }) else {
      throw KernelError("expected 4 or 5 extents from 0 up, found \(size)")
    }
    return [size[0]] + size[2...] + [size.count - 2]
  }
}
