import OneiroGraph

/// GridSample, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__GridSample.html
///
/// X [N, C, spatial...] looked at where `grid` [N, out..., axes] says, in -1 ... 1 with the last axis of X first.
public enum GridSample: Operator {
  public static let schema = OpSchema(
    "GridSample", since: 22, inputs: [.one("X", "T1"), .one("grid", "T2")], outputs: [.one("Y", "T1")],
    attributes: [
      .string("mode", default: "linear"), .string("padding_mode", default: "zeros"), .int("align_corners", default: 0),
    ],
    types: ["T1": .beforeFloat8, "T2": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0), grid = try node.tensor(1)
    _ = try node.checking(nil, try GridSampling(node.attributes))
    guard let rank = x.shape?.count ?? grid.shape?.count else { return [.tensor(x.elementType, nil)] }
    let shape = x.shape ?? .unknown(rank: rank), places = grid.shape ?? .unknown(rank: rank)
    guard rank >= 3, places.count == rank, places[rank - 1].agrees(with: .known(rank - 2)),
      shape[0].agrees(with: places[0])
    else {
      throw node.fails(
        1, expected: "shape [N,out...,axes] of the rank of X, which is [N,C,axes...]", found: grid.shapeText,
        because: "X is \(x.shapeText)")
    }
    return [.tensor(x.elementType, [shape[0].merged(with: places[0]), shape[1]] + places[1..<(rank - 1)])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), grid = try call.tensor(1), sampling = try GridSampling(call.attributes)
    let rank = x.rank, type = x.elementType
    guard rank >= 3, grid.rank == rank, grid.dims[rank - 1] == rank - 2, grid.dims[0] == x.dims[0] else {
      throw call.fails("a grid of shape \(Shape.text(grid.dims)) does not go with X of shape \(Shape.text(x.dims))")
    }
    let dims = [x.dims[0], x.dims[1]] + grid.dims[1..<(rank - 1)]
    let count = try call.elementCount(dims, of: type)
    guard count > 0 else { return [.empty(type, dims: dims)] }
    guard x.count > 0 else { throw call.fails("X has no elements to take values from") }
    let isGathering = sampling.mode == .nearest
    guard isGathering || (type != .string && !type.isComplex) else {
      throw call.fails("elements of type \(type.name) cannot be interpolated")
    }
    let spatial = Array(x.dims[2...]), perPlane = Shape.count(spatial), strides = Shape.strides(spatial)
    let axisCount = spatial.count, places = Shape.count(dims[2...]), channels = dims[1]
    let coordinates = grid.doubles(), input = isGathering ? [] : x.doubles()
    var source = [Int](repeating: -1, count: isGathering ? count : 0)
    var output = [Double](repeating: 0, count: isGathering ? 0 : count)
    var taps = GridSampling.Taps(axisCount: axisCount)
    for batch in 0..<dims[0] {
      for place in 0..<places {
        let first = (batch * places + place) * axisCount
        for axis in 0..<axisCount {
          taps.set(axis, sampling, coordinates[first + axisCount - 1 - axis], extent: spatial[axis])
        }
        taps.forEachCombination(strides) { pixel, weight in
          for channel in 0..<channels {
            let plane = batch * channels + channel
            if isGathering {
              source[plane * places + place] = plane * perPlane + pixel
            } else {
              output[plane * places + place] += weight * input[plane * perPlane + pixel]
            }
          }
        }
      }
    }
    return [isGathering ? x.gathering(source, dims: dims) : Tensor(type, doubles: output, dims: dims)]
  }
}
