import OneiroGraph

/// Slice, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Slice.html
///
/// `data[start:end:step]` along each of `axes`, with numpy's meaning of negative and too large bounds.
public enum Slice: Operator {
  public static let schema = OpSchema(
    "Slice", since: 13,
    inputs: [
      .one("data", "T"), .one("starts", "Tind"), .one("ends", "Tind"), .optional("axes", "Tind"),
      .optional("steps", "Tind"),
    ],
    outputs: [.one("output", "T")], types: ["T": .beforeFloat8, "Tind": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0)
    guard var shape = data.shape else { return [.tensor(data)] }
    // Without axes, the bounds are for the first axes, and their number tells which.
    let count = try node.length(1)
    guard let axes = node.has(3) ? node.ints(3) : count.map({ Array(0..<$0) }) else {
      return [.tensor(data.elementType, .unknown(rank: shape.count))]
    }
    let places = try node.checking(node.subject(3), try Shape.axes(axes, rank: shape.count))
    guard let starts = node.ints(1), let ends = node.ints(2),
      let steps = node.has(4) ? node.ints(4) : axes.map({ _ in 1 })
    else {
      for axis in places { shape[axis] = .unknown }
      return [.tensor(data.elementType, shape)]
    }
    guard starts.count == axes.count, ends.count == axes.count, steps.count == axes.count else {
      throw node.fails(1, expected: "as many starts as ends, axes and steps", found: "\(starts.count) starts")
    }
    for (index, axis) in places.enumerated() {
      if let extent = shape[axis].extent {
        let run = try node.checking(
          node.subject(4), try run(from: starts[index], to: ends[index], step: steps[index], extent: extent))
        shape[axis] = .known(run.count)
      } else if !(starts[index] == 0 && steps[index] == 1 && ends[index] >= Int(Int32.max)) {
        // Exporters write "to the end" as a huge number: that leaves the axis as it is.
        shape[axis] = .unknown
      }
    }
    return [.tensor(data.elementType, shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0), starts = try call.requiredInts(1), ends = try call.requiredInts(2)
    let axes = try Shape.axes(call.ints(3) ?? Array(starts.indices), rank: data.rank)
    let steps = call.ints(4) ?? axes.map { _ in 1 }
    guard starts.count == axes.count, ends.count == axes.count, steps.count == axes.count else {
      throw call.fails("\(starts.count) starts, \(ends.count) ends, \(axes.count) axes and \(steps.count) steps")
    }
    var dims = data.dims, strides = Shape.strides(data.dims), offset = 0
    for (index, axis) in axes.enumerated() {
      let run = try run(from: starts[index], to: ends[index], step: steps[index], extent: dims[axis])
      dims[axis] = run.count
      offset = offset &+ run.start &* strides[axis]
      // The step of a run of one element leads nowhere, and may be too large to multiply.
      strides[axis] = run.count > 1 ? strides[axis] &* steps[index] : 0
    }
    return [data.strided(dims: dims, strides: strides, offset: offset)]
  }

  /// Where `start:end:step` begins along an axis, and how many elements it takes.
  static func run(from start: Int, to end: Int, step: Int, extent: Int) throws(KernelError) -> (start: Int, count: Int)
  {
    guard step != 0 else { throw KernelError("a step is 0") }
    // Downwards, one before the first element is a bound too.
    let low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1
    func bound(_ value: Int) -> Int { min(max(value < 0 ? value + extent : value, low), high) }
    let first = bound(start), last = bound(end)
    let length = step > 0 ? last - first : first - last
    return (first, length > 0 ? (length - 1) / Int(clamping: step.magnitude) + 1 : 0)
  }
}
