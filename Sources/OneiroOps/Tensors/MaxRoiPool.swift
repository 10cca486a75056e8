import OneiroGraph

/// MaxRoiPool, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__MaxRoiPool.html
///
/// The maximum over each bin of each region; a region is batch, x1, y1, x2, y2 in input pixels over `spatial_scale`,
/// its last pixel included. An empty bin is 0.
public enum MaxRoiPool: Operator {
  public static let schema = OpSchema(
    "MaxRoiPool", since: 22, inputs: [.one("X", "T"), .one("rois", "T")], outputs: [.one("Y", "T")],
    attributes: [.required("pooled_shape", .ints), .float("spatial_scale", default: 1)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0), rois = try node.tensor(1)
    let pooled = try node.checking("attribute pooled_shape", try pooledShape(node.attributes))
    if let shape = x.shape, shape.count != 4 { throw node.fails(0, expected: "a tensor of rank 4", found: x.shapeText) }
    if let shape = rois.shape, shape.count != 2 || !shape[1].agrees(with: .known(5)) {
      throw node.fails(1, expected: "shape [regions,5]", found: rois.shapeText)
    }
    return [
      .tensor(x.elementType, [rois.shape?[0] ?? .unknown, x.shape?[1] ?? .unknown] + pooled.map(Dimension.known))
    ]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), rois = try call.tensor(1), pooled = try pooledShape(call.attributes)
    guard x.rank == 4, rois.rank == 2, rois.dims[1] == 5 else {
      throw call.fails(
        "expected X of rank 4 and regions of shape [regions,5], found \(Shape.text(x.dims)), \(Shape.text(rois.dims))")
    }
    let (channels, rows, columns) = (x.dims[1], x.dims[2], x.dims[3]), dims = [rois.dims[0], channels] + pooled
    let count = try call.elementCount(dims, of: x.elementType), scale = call.attributes.float("spatial_scale")
    let input = x.doubles(), regions = rois.doubles()
    var output: [Double] = []
    output.reserveCapacity(count)
    for region in 0..<rois.dims[0] where count > 0 {
      let batch = regions[5 * region]
      guard batch >= 0, batch < Double(x.dims[0]) else {
        throw call.fails("region \(region): expected a batch in 0 ..< \(x.dims[0]), found \(batch)")
      }
      let bounds = (1...4).map { (regions[5 * region + $0] * scale).rounded() }
      guard bounds.allSatisfy({ abs($0) < 0x1p31 }) else {
        throw call.fails("region \(region) reaches too far: \(bounds)")
      }
      let xs = bins(bounds[0], bounds[2], count: pooled[1], extent: columns)
      let ys = bins(bounds[1], bounds[3], count: pooled[0], extent: rows)
      for channel in 0..<channels {
        let plane = (Int(batch) * channels + channel) * rows * columns
        for y in ys {
          for x in xs {
            var largest = x.isEmpty || y.isEmpty ? 0 : -Double.infinity
            for row in y {
              for column in x { largest = max(largest, input[plane + row * columns + column]) }
            }
            output.append(largest)
          }
        }
      }
    }
    return [Tensor(x.elementType, doubles: output, dims: dims)]
  }

  private static func bins(_ first: Double, _ last: Double, count: Int, extent: Int) -> [Range<Int>] {
    let size = max(last - first + 1, 1) / Double(count)
    return (0..<count).map { bin in
      let start = min(max(Int((Double(bin) * size).rounded(.down) + first), 0), extent)
      let end = min(max(Int((Double(bin + 1) * size).rounded(.up) + first), 0), extent)
      return start..<max(start, end)
    }
  }

  private static func pooledShape(_ attributes: NodeAttributes) throws(KernelError) -> [Int] {
    let shape = attributes.ints("pooled_shape") ?? []
    guard shape.count == 2, shape.allSatisfy({ $0 > 0 }) else {
      throw KernelError("expected two extents above 0, found \(shape)")
    }
    return shape
  }
}
