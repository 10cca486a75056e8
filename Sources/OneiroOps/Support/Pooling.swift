import OneiroGraph

/// The windows of a pooling over planes [spatial...] of a tensor [N, C, spatial...].
struct Pooling {
  let axes: [WindowAxis]
  private let strides: [Int]

  init(_ call: KernelCall, dims: [Int]) throws(KernelError) {
    let spatial = Array(dims[2...])
    let attributes = try WindowAttributes(call.attributes, spatialRank: spatial.count)
    axes = try attributes.axes(spatial, kernel: call.attributes.ints("kernel_shape") ?? [])
    strides = Shape.strides(spatial)
  }

  var inputPlane: Int { axes.reduce(1) { $0 * $1.input } }
  var outputPlane: Int { axes.reduce(1) { $0 * $1.output } }

  /// Calls `body` for every window in row-major order with the offsets into a plane of the elements under it, in
  /// row-major order too, and with the number of its taps that lie on the input or its padding. Taps that hang over the
  /// padding's end, as ceil_mode lets them, do not count.
  func forEachWindow(_ body: (_ window: Int, _ sources: [Int], _ paddedCount: Int) -> Void) {
    var window = [Int](repeating: 0, count: axes.count)
    var sources: [Int] = [], wider: [Int] = []
    for index in 0..<outputPlane {
      var rest = index
      for axis in axes.indices.reversed() {
        (rest, window[axis]) = rest.quotientAndRemainder(dividingBy: axes[axis].output)
      }
      sources.removeAll(keepingCapacity: true)
      sources.append(0)
      var paddedCount = 1
      for (number, axis) in axes.enumerated() {
        let start = axis.position(window: window[number], tap: 0)
        let first = start >= 0 ? 0 : (-start + axis.dilation - 1) / axis.dilation
        let end = min(axis.kernel, Self.taps(from: start, to: axis.input, axis.dilation))
        paddedCount *= min(axis.kernel, Self.taps(from: start, to: axis.input + axis.padAfter, axis.dilation))
        wider.removeAll(keepingCapacity: true)
        for source in sources {
          for tap in first..<max(first, end) { wider.append(source + (start + tap * axis.dilation) * strides[number]) }
        }
        swap(&sources, &wider)
      }
      body(index, sources, paddedCount)
    }
  }

  /// How many taps `dilation` apart lie in start ..< end.
  private static func taps(from start: Int, to end: Int, _ dilation: Int) -> Int {
    start >= end ? 0 : (end - start - 1) / dilation + 1
  }

  /// y[plane, window] = f(elements under the window), computed in Double.
  func pool(
    _ x: Tensor, dims: [Int],
    _ f: (_ plane: UnsafeBufferPointer<Double>, _ sources: [Int], _ paddedCount: Int) -> Double
  )
    -> Tensor
  {
    let input = x.doubles(), inputPlane = inputPlane, outputPlane = outputPlane
    var output = [Double](repeating: 0, count: dims.reduce(1, *))
    input.withUnsafeBufferPointer { input in
      forEachWindow { window, sources, paddedCount in
        for plane in 0..<dims[0] * dims[1] {
          let slice = UnsafeBufferPointer(rebasing: input[plane * inputPlane..<(plane + 1) * inputPlane])
          output[plane * outputPlane + window] = f(slice, sources, paddedCount)
        }
      }
    }
    return Tensor(x.elementType, doubles: output, dims: dims)
  }
}

extension InferenceContext {
  /// The output of a pooling with attribute kernel_shape over [N, C, spatial...].
  func pooled() throws(GraphError) -> TensorType {
    let x = try tensor(0), kernel = attributes.ints("kernel_shape") ?? []
    let shape = x.shape ?? [Dimension](repeating: .unknown, count: kernel.count + 2)
    guard kernel.count >= 1, shape.count == kernel.count + 2 else {
      throw fails(0, expected: "rank \(kernel.count + 2)", found: x.shapeText, because: "kernel_shape is \(kernel)")
    }
    let windows = try checked { () throws(KernelError) in
      try WindowAttributes(attributes, spatialRank: kernel.count).outputs(
        Array(shape[2...]), kernel: kernel.map(Dimension.known))
    }
    return TensorType(x.elementType, Array(shape[..<2]) + windows)
  }

  /// The output of a pooling over whole planes: every spatial extent is 1.
  func pooledGlobally() throws(GraphError) -> TensorType {
    let x = try channelled([])
    return TensorType(x.elementType, x.shape.map { $0[..<2] + [Dimension](repeating: .known(1), count: $0.count - 2) })
  }

  /// Attribute p of a norm, 1 or more.
  func requireNorm() throws(GraphError) {
    guard attributes.int("p") >= 1 else {
      throw fails("attribute p", "expected 1 or more, found \(attributes.int("p"))")
    }
  }
}

extension KernelCall {
  /// One number for each plane of [N, C, spatial...].
  func poolGlobally(dims: [Int], _ f: (Swift.Slice<UnsafeBufferPointer<Double>>) -> Double) throws(KernelError)
    -> [Tensor]
  {
    let x = try tensor(0), plane = x.dims[2...].reduce(1, *)
    let output = x.doubles().withUnsafeBufferPointer { input in
      (0..<dims[0] * dims[1]).map { f(input[$0 * plane..<($0 + 1) * plane]) }
    }
    return [Tensor(x.elementType, doubles: output, dims: dims)]
  }
}

/// (sum of |x|^p)^(1/p)
func lpNorm(_ values: some Sequence<Double>, p: Int) -> Double {
  switch p {
  case 1: values.reduce(0) { $0 + abs($1) }
  case 2: values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  default: power(values.reduce(0) { $0 + power(abs($1), Double(p)) }, 1 / Double(p))
  }
}
