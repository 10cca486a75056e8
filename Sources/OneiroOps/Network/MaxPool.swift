import OneiroGraph

/// MaxPool, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__MaxPool.html
///
/// The largest element under each window; padding does not take part. Indices are positions in the flattened X, or with
/// storage_order 1 in one whose planes are laid out column by column.
public enum MaxPool: Operator {
  public static let schema = OpSchema(
    "MaxPool", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T"), .optional("Indices", "I")],
    attributes: [
      .string("auto_pad", default: "NOTSET"), .int("ceil_mode", default: 0), .ints("dilations"),
      .required("kernel_shape", .ints), .ints("pads"), .int("storage_order", default: 0), .ints("strides"),
    ], types: ["T": .floats.union(ElementTypeSet([.int8, .uint8])), "I": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let y = try node.pooled()
    return [.tensor(y), .tensor(.int64, y.shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), pooling = try Pooling(call, dims: x.dims)
    // A window that lies on padding alone has no maximum: the smallest number and position -1 stand for that.
    let lowest = x.elementType.isFloatingPoint ? -Double.infinity : x.elementType == .int8 ? -128 : 0
    let input = x.doubles(), inputPlane = pooling.inputPlane, outputPlane = pooling.outputPlane
    let columnMajor = call.attributes.int("storage_order") == 1 ? columnMajorPositions(pooling.axes.map(\.input)) : nil
    var output = [Double](repeating: lowest, count: dims.reduce(1, *))
    var indices = [Int64](repeating: -1, count: output.count)
    pooling.forEachWindow { window, sources, _ in
      for plane in 0..<dims[0] * dims[1] {
        var best = lowest, place = -1
        for source in sources {
          let value = input[plane * inputPlane + source]
          // A NaN wins and stays, as in every other maximum.
          if place < 0 || value > best || (value.isNaN && !best.isNaN) { (best, place) = (value, source) }
        }
        guard place >= 0 else { continue }
        output[plane * outputPlane + window] = best
        indices[plane * outputPlane + window] = Int64(plane * inputPlane + (columnMajor?[place] ?? place))
      }
    }
    return [Tensor(x.elementType, doubles: output, dims: dims), Tensor(indices, dims: dims)]
  }

  /// For each element of a plane in row-major order, its position in column-major order.
  private static func columnMajorPositions(_ dims: [Int]) -> [Int] {
    let strides = Array(Shape.strides(dims.reversed()).reversed())
    var positions = [Int](repeating: 0, count: dims.reduce(1, *))
    Shape.walk(dims, strides) { positions[$0] = $1 }
    return positions
  }
}
