import OneiroGraph

/// GatherND, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__GatherND.html
///
/// The last axis of `indices` holds coordinates: of one element of the data, or of a slice when they are fewer than its
/// axes. The first `batch_dims` axes of both go together.
public enum GatherND: Operator {
  public static let schema = OpSchema(
    "GatherND", since: 13, inputs: [.one("data", "T"), .one("indices", "Tind")], outputs: [.one("output", "T")],
    attributes: [.int("batch_dims", default: 0)], types: ["T": .beforeFloat8, "Tind": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0), indices = try node.tensor(1)
    guard let shape = data.shape, let places = indices.shape, let width = places.last?.extent else {
      return [.tensor(data.elementType, nil)]
    }
    let batch = node.attributes.int("batch_dims")
    try node.checking(
      node.subject(1), try check(batch: batch, rank: shape.count, indexRank: places.count, width: width))
    for axis in 0..<batch where !shape[axis].agrees(with: places[axis]) {
      throw node.fails(1, expected: "an extent of \(shape[axis]) at axis \(axis)", found: indices.shapeText)
    }
    return [.tensor(data.elementType, places.dropLast() + shape[(batch + width)...])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0), indices = try call.tensor(1), batch = call.attributes.int("batch_dims")
    let width = indices.dims.last ?? 0
    try check(batch: batch, rank: data.rank, indexRank: indices.rank, width: width)
    guard data.dims.prefix(batch) == indices.dims.prefix(batch) else {
      throw call.fails("the first \(batch) axes of \(Shape.text(data.dims)) and \(Shape.text(indices.dims)) differ")
    }
    let dims = Array(indices.dims.dropLast() + data.dims[(batch + width)...])
    let count = try call.elementCount(dims, of: data.elementType)
    let starts = try CoordinateLists.offsets(in: data.dims, indices, batch: batch)
    guard count > 0 else { return [.empty(data.elementType, dims: dims)] }
    let slice = Shape.count(data.dims[(batch + width)...])
    var source: [Int] = []
    source.reserveCapacity(count)
    for start in starts { source.append(contentsOf: start..<start + slice) }
    return [data.gathering(source, dims: dims)]
  }

  private static func check(batch: Int, rank: Int, indexRank: Int, width: Int) throws(KernelError) {
    guard batch >= 0, batch < min(rank, indexRank) else {
      throw KernelError("batch_dims: expected 0 ..< \(min(rank, indexRank)), found \(batch)")
    }
    guard width <= rank - batch else {
      throw KernelError("expected at most \(rank - batch) coordinates, found \(width)")
    }
  }
}

/// The meaning of indices in GatherND and ScatterND.
enum CoordinateLists {
  /// Where the slice begins that each list of coordinates stands for. The caller has checked the shapes.
  static func offsets(in dims: [Int], _ indices: Tensor, batch: Int) throws(KernelError) -> [Int] {
    let width = indices.dims.last ?? 0, strides = Shape.strides(dims), values = indices.int64s()
    let listCount = Tensor.elementCount(indices.dims.dropLast()) ?? 0
    guard listCount > 0 else { return [] }
    let perBatch = Shape.count(indices.dims[batch..<(indices.rank - 1)])
    let batchStride = batch == 0 ? 0 : strides[batch - 1]
    var offsets = [Int](repeating: 0, count: listCount)
    for list in 0..<listCount {
      var offset = batch == 0 ? 0 : list / perBatch &* batchStride
      for place in 0..<width {
        let axis = batch + place
        offset = offset &+ (try Shape.position(Int(values[list * width + place]), extent: dims[axis])) &* strides[axis]
      }
      offsets[list] = offset
    }
    return offsets
  }
}
