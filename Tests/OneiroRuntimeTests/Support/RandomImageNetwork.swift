import OneiroConformance
import OneiroGraph

/// A graph of what decoders of images are made of, put together at random: convolutions of any reach, stride and
/// padding, ways to make images larger or smaller, normalizations, sums of values far apart, and operators that mix all
/// rows.
struct RandomImageNetwork {
  private(set) var graph: Graph
  private var numbers: Numbers
  private var images: [(name: String, dims: [Int])] = []
  /// Extents that keep tests short.
  private static let mostRows = 80, mostChannels = 24

  let inputDims: [Int]

  init(seed: UInt64, pieces: Int) {
    numbers = Numbers(seed: seed)
    inputDims = [numbers.int(1...2), 2 * numbers.int(1...3), numbers.int(5...24), numbers.int(3...9)]
    graph = Graph("random", inputs: [ValueInfo("x", .tensor(TensorType(.float32, dims: inputDims)))])
    images.append(("x", inputDims))
    for _ in 0..<pieces { addPiece() }
    let made = graph.nodes.flatMap(\.outputs)
    let outputs = Set([made.last!] + made.filter { _ in numbers.int(0...15) == 0 })
    graph.outputs = made.filter(outputs.contains).map { ValueInfo($0, nil) }
  }

  private mutating func addPiece() {
    switch numbers.int(0...19) {
    case 0...5: convolution()
    case 6, 7: upsampling()
    case 8...10: normalization()
    case 11, 12: activation()
    case 13...15: sum()
    case 16: pooling()
    case 17: channelTerm()
    case 18: concatenation()
    default: mixture()
    }
  }

  private mutating func convolution() {
    let (x, dims) = pick(), extent = numbers.int(1...4), dilation = numbers.int(0...5) == 0 ? 2 : 1
    let groups = dims[1] % 2 == 0 && numbers.int(0...3) == 0 ? 2 : 1
    let filters = min(groups * numbers.int(1...8), Self.mostChannels)
    let stride = numbers.int(0...5) == 0 ? 2 : 1
    // From the first row that the kernel reads to the last; what lies outside is parted between both sides.
    let reach = (extent - 1) * dilation, padding = max(reach + numbers.int(-1...0) * (stride - 1), 0)
    let above = numbers.int(0...padding)
    let rows = (dims[2] + padding - reach - 1) / stride + 1
    guard dims[2] + padding > reach, rows > 0, rows * dims[3] > 0 else { return }
    var inputs = [x, constant([filters, dims[1] / groups, extent, 1], 1 / Double(extent * dims[1]).squareRoot())]
    if numbers.int(0...1) == 0 { inputs.append(constant([filters], 1)) }
    let attributes: [String: Attribute] = [
      "pads": .ints([Int64(above), 0, Int64(padding - above), 0]), "dilations": .ints([Int64(dilation), 1]),
      "strides": .ints([Int64(stride), 1]), "group": .int(Int64(groups)),
    ]
    images.append((add("Conv", inputs, attributes), [dims[0], filters, rows, dims[3]]))
  }

  private mutating func upsampling() {
    let (x, dims) = pick(), factor = numbers.int(2...3)
    guard dims[2] * factor <= Self.mostRows else { return pooling() }
    if dims[1] % 4 == 0, numbers.int(0...2) == 0 {
      let y = add("DepthToSpace", [x], ["blocksize": .int(2)])
      images.append((y, [dims[0], dims[1] / 4, dims[2] * 2, dims[3] * 2]))
      return
    }
    let larger = [dims[0], dims[1], dims[2] * factor, dims[3]]
    let attributes = [
      "mode": ["nearest", "linear", "cubic"][numbers.int(0...2)],
      "nearest_mode": ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"][numbers.int(0...3)],
      "coordinate_transformation_mode": ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"][
        numbers.int(0...3)],
    ].mapValues { Attribute.string(Array($0.utf8)) }
    let inputs =
      numbers.int(0...1) == 0
      ? [x, "", "", constant(Tensor(larger.map(Int64.init), dims: [4]))]
      : [x, "", constant(Tensor([1, 1, Float(factor), 1], dims: [4]))]
    images.append((add("Resize", inputs, attributes), larger))
  }

  private mutating func normalization() {
    let (x, dims) = pick(), groups = dims[1] % 2 == 0 ? 2 : 1
    let scale = constant([dims[1]], 1), shift = constant([dims[1]], 1)
    let y =
      numbers.int(0...3) == 0
      ? add("InstanceNormalization", [x, scale, shift])
      : add("GroupNormalization", [x, scale, shift], ["num_groups": .int(Int64(groups))])
    images.append((y, dims))
  }

  private mutating func activation() {
    let (x, dims) = pick()
    switch numbers.int(0...4) {
    case 0: images.append((add("Mul", [add("Sigmoid", [x]), x]), dims))
    case 1: images.append((add("Identity", [x]), dims))
    default: images.append((add(["Relu", "Gelu", "Tanh"][numbers.int(0...2)], [x]), dims))
    }
  }

  private mutating func sum() {
    let (a, dims) = pick(), alike = images.filter { $0.dims == dims }
    images.append((add("Add", [a, alike[numbers.int(0...alike.count - 1)].name]), dims))
  }

  private mutating func pooling() {
    let (x, dims) = pick()
    guard dims[2] > 3 else { return }
    let stride = numbers.int(1...2), rows = (dims[2] + 2 - 3) / stride + 1
    let attributes: [String: Attribute] = [
      "kernel_shape": .ints([3, 1]), "pads": .ints([1, 0, 1, 0]), "strides": .ints([Int64(stride), 1]),
    ]
    let y = add(numbers.int(0...1) == 0 ? "MaxPool" : "AveragePool", [x], attributes)
    images.append((y, [dims[0], dims[1], rows, dims[3]]))
  }

  /// A number for each channel, which hangs on all of an image.
  private mutating func channelTerm() {
    let (x, dims) = pick(), alike = images.filter { $0.dims[1] == dims[1] }
    let (y, other) = alike[numbers.int(0...alike.count - 1)]
    images.append((add("Add", [add("GlobalAveragePool", [x]), y]), other))
  }

  private mutating func concatenation() {
    let (a, dims) = pick()
    let alike = images.filter { $0.dims[2...] == dims[2...] && $0.dims[1] + dims[1] <= Self.mostChannels }
    guard !alike.isEmpty else { return }
    let (b, other) = alike[numbers.int(0...alike.count - 1)]
    images.append((add("Concat", [a, b], ["axis": .int(1)]), [dims[0], dims[1] + other[1]] + dims[2...]))
  }

  /// All rows of an image in each row: an attention of rows with themselves.
  private mutating func mixture() {
    let (x, dims) = pick()
    let flat = add("Reshape", [x, constant(Tensor([0, 0, Int64(-1)], dims: [3]))])
    let other = add("Transpose", [flat], ["perm": .ints([0, 2, 1])])
    let weights = add("Softmax", [add("MatMul", [flat, other])], ["axis": .int(-1)])
    let mixed = add("MatMul", [weights, flat])
    images.append((add("Reshape", [mixed, constant(Tensor(dims.map(Int64.init), dims: [4]))]), dims))
  }

  // MARK: - Parts of pieces

  /// Often one of the newest: chains of some length.
  private mutating func pick() -> (name: String, dims: [Int]) {
    images[numbers.int(0...2) == 0 ? numbers.int(0...images.count - 1) : images.count - 1]
  }

  private mutating func add(_ op: String, _ inputs: [String], _ attributes: [String: Attribute] = [:]) -> String {
    let name = "v\(graph.nodes.count)"
    graph.nodes.append(Node(op, name: name, inputs: inputs, outputs: [name], attributes: attributes))
    return name
  }

  private mutating func constant(_ dims: [Int], _ scale: Double) -> String {
    let values = Tensor.random(dims, seed: graph.initializers.count).doubles().map { Float(scale * $0) }
    return constant(Tensor(values, dims: dims))
  }

  private mutating func constant(_ tensor: Tensor) -> String {
    let name = "c\(graph.initializers.count)"
    graph.addInitializer(name, tensor)
    return name
  }
}
