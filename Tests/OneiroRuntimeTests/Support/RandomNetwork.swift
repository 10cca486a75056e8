import OneiroConformance
import OneiroGraph

/// A graph of the pieces that image and token networks are made of, in the spellings of several exporters, put together
/// at random: parts of it are what passes look for, others are nearly that.
struct RandomNetwork {
  private(set) var graph: Graph
  private var numbers: Numbers
  /// [N, C, H, W], and [N, T, D].
  private var images: [(name: String, dims: [Int])] = []
  private var tokens: [(name: String, dims: [Int])] = []
  private var count = 0

  static let inputDims = [2, 4, 5, 6]

  init(seed: UInt64, pieces: Int) {
    numbers = Numbers(seed: seed)
    graph = Graph("random", inputs: [ValueInfo("x", .tensor(TensorType(.float32, dims: Self.inputDims)))])
    images.append(("x", Self.inputDims))
    for _ in 0..<pieces { addPiece() }
    // Passes must keep what a graph hands out, so some values in the middle are outputs.
    let made = graph.nodes.flatMap(\.outputs)
    var outputs = Set([made.last!])
    for name in made where numbers.int(0...11) == 0 { outputs.insert(name) }
    graph.outputs = made.filter(outputs.contains).map { ValueInfo($0, nil) }
  }

  private mutating func addPiece() {
    switch numbers.int(0...20) {
    case 0...2: convolution()
    case 3, 4: groupNormalization()
    case 5, 6: activation()
    case 7: sum()
    case 8: channelTerm()
    case 9: neutral()
    case 10: transposes()
    case 11: toTokens()
    case 12, 13: linear()
    case 14: layerNormalization()
    case 15: gated()
    case 16: attention()
    case 17: spelledGelu()
    case 18: twice()
    case 19: joined()
    default: batchNormalization()
    }
  }

  // MARK: - Pieces

  private mutating func convolution() {
    let (x, dims) = pick(images), filters = numbers.int(1...4) * 2, size = [1, 3][numbers.int(0...1)]
    let pad = Int64(size / 2)
    var inputs = [x, constant([filters, dims[1], size, size], 0.3)]
    if numbers.int(0...1) == 0 { inputs.append(constant([filters], 1)) }
    let y = add("Conv", inputs, ["pads": .ints([pad, pad, pad, pad])])
    images.append((y, [dims[0], filters] + dims[2...]))
  }

  private mutating func groupNormalization() {
    let (x, dims) = pick(images), groups = dims[1] % 2 == 0 ? 2 : 1
    if numbers.int(0...1) == 0 {
      let y = add(
        "GroupNormalization", [x, constant([dims[1]], 1), constant([dims[1]], 1)], ["num_groups": .int(Int64(groups))])
      images.append((y, dims))
      return
    }
    let rows = add("Reshape", [x, shape([0, groups, -1])])
    let ones = constant(Tensor([Float](repeating: 1, count: groups), dims: [groups]))
    let zeros = constant(Tensor([Float](repeating: 0, count: groups), dims: [groups]))
    let normal = add("InstanceNormalization", [rows, ones, zeros])
    let back = add("Reshape", [normal, shape(dims)])
    let scaled = add("Mul", [back, constant([dims[1], 1, 1], 1)])
    images.append((add("Add", [scaled, constant([dims[1], 1, 1], 1)]), dims))
  }

  /// Channels of two images, normalized, and read by somebody else, too.
  private mutating func joined() {
    let (a, dims) = pick(images), pool = images.filter { $0.dims[0] == dims[0] && $0.dims[2...] == dims[2...] }
    let (b, other) = pick(pool), channels = dims[1] + other[1], groups = channels % 2 == 0 ? 2 : 1
    let x = add("Concat", [a, b], ["axis": .int(1)])
    images.append((x, [dims[0], channels] + dims[2...]))
    if numbers.int(0...2) == 0 { return }
    let y = add(
      "GroupNormalization", [x, constant([channels], 1), constant([channels], 1)], ["num_groups": .int(Int64(groups))])
    images.append((y, [dims[0], channels] + dims[2...]))
  }

  private mutating func activation() {
    let isImage = numbers.int(0...1) == 0 || tokens.isEmpty
    let (x, dims) = isImage ? pick(images) : pick(tokens)
    let y: String
    switch numbers.int(0...3) {
    case 0:
      let gate = add("Sigmoid", [x])
      y = add("Mul", numbers.int(0...1) == 0 ? [x, gate] : [gate, x])
    case 1: y = add("Relu", [x])
    case 2: y = add("Gelu", [x])
    default: y = add("Tanh", [x])
    }
    if isImage { images.append((y, dims)) } else { tokens.append((y, dims)) }
  }

  /// A residual connection, where two values of one shape are there.
  private mutating func sum() {
    let isImage = numbers.int(0...1) == 0 || tokens.isEmpty, pool = isImage ? images : tokens
    let (a, dims) = pick(pool)
    let (b, _) = pool.filter { $0.dims == dims }[numbers.int(0...pool.count { $0.dims == dims } - 1)]
    let y = add("Add", [a, b])
    if isImage { images.append((y, dims)) } else { tokens.append((y, dims)) }
  }

  private mutating func channelTerm() {
    let (x, dims) = pick(images)
    let mean = add("ReduceMean", [x, shape([2, 3])])
    let (y, other) = pick(images)
    guard other[1] == dims[1] else { return }
    images.append((add("Add", numbers.int(0...1) == 0 ? [y, mean] : [mean, y]), other))
  }

  private mutating func neutral() {
    let (x, dims) = pick(images)
    let one = constant(Tensor([Float(1)], dims: []))
    let y: String
    switch numbers.int(0...3) {
    case 0: y = add("Mul", [one, x])
    case 1: y = add("Div", [x, one])
    case 2: y = add("Cast", [x], ["to": .int(1)])
    default: y = add("Identity", [x])
    }
    images.append((y, dims))
  }

  private mutating func transposes() {
    let (x, dims) = pick(images)
    let last = add("Transpose", [x], ["perm": .ints([0, 2, 3, 1])])
    let y = add("Transpose", [last], ["perm": .ints(numbers.int(0...1) == 0 ? [0, 3, 1, 2] : [0, 3, 2, 1])])
    let swapped = graph.nodes.last!.attributes["perm"].map {
      if case .ints([0, 3, 2, 1]) = $0 { true } else { false }
    }!
    images.append((y, swapped ? [dims[0], dims[1], dims[3], dims[2]] : dims))
  }

  private mutating func toTokens() {
    let (x, dims) = pick(images)
    let rows = add("Reshape", [x, shape([0, 0, -1])])
    tokens.append((add("Transpose", [rows], ["perm": .ints([0, 2, 1])]), [dims[0], dims[2] * dims[3], dims[1]]))
  }

  private mutating func linear() {
    guard !tokens.isEmpty else { return toTokens() }
    let (x, dims) = pick(tokens), width = numbers.int(1...5) * 2
    var y = add("MatMul", [x, constant([dims[2], width], 0.5)])
    if numbers.int(0...2) > 0 {
      let bias = constant([width], 1)
      y = add("Add", numbers.int(0...1) == 0 ? [y, bias] : [bias, y])
    }
    tokens.append((y, [dims[0], dims[1], width]))
  }

  private mutating func layerNormalization() {
    guard !tokens.isEmpty else { return toTokens() }
    let (x, dims) = pick(tokens), scale = constant([dims[2]], 1), bias = constant([dims[2]], 1)
    if numbers.int(0...1) == 0 {
      tokens.append((add("LayerNormalization", [x, scale, bias]), dims))
      return
    }
    let mean = add("ReduceMean", [x, shape([-1])])
    let deviation = add("Sub", [x, mean])
    let square = add("Pow", [deviation, constant(Tensor([Float(2)], dims: []))])
    let variance = add("ReduceMean", [square, shape([-1])])
    let safe = add("Add", [variance, constant(Tensor([Float(1e-3)], dims: []))])
    let normal = add("Div", [deviation, add("Sqrt", [safe])])
    tokens.append((add("Add", [add("Mul", [normal, scale]), bias]), dims))
  }

  private mutating func gated() {
    guard let (x, dims) = tokens.filter({ $0.dims[2] % 2 == 0 }).last else { return linear() }
    let halves = [name(), name()]
    graph.nodes.append(
      Node("Split", inputs: [x], outputs: halves, attributes: ["axis": .int(-1), "num_outputs": .int(2)]))
    let gate = numbers.int(0...3) > 0 ? 1 : 0
    let open = add("Gelu", [halves[gate]])
    tokens.append((add("Mul", [halves[1 - gate], open]), [dims[0], dims[1], dims[2] / 2]))
  }

  private mutating func attention() {
    guard !tokens.isEmpty else { return toTokens() }
    let (x, dims) = pick(tokens), width = 4, split = shape([0, 0, 2, 2])
    let isOneProduct = numbers.int(0...1) == 0
    let product = isOneProduct ? add("MatMul", [x, constant([dims[2], 3 * width], 0.5)]) : ""
    var part = 0
    func heads(_ perm: [Int64], _ network: inout RandomNetwork) -> String {
      let projected: String
      if isOneProduct {
        let bounds = [part * width, (part + 1) * width, 2].map { network.shape([$0]) }
        projected = network.add("Slice", [product] + bounds)
        part += 1
      } else {
        projected = network.add("MatMul", [x, network.constant([dims[2], width], 0.5)])
      }
      return network.add("Transpose", [network.add("Reshape", [projected, split])], ["perm": .ints(perm)])
    }
    let q = heads([0, 2, 1, 3], &self), k = heads([0, 2, 3, 1], &self), v = heads([0, 2, 1, 3], &self)
    let scores = add("Mul", [add("MatMul", [q, k]), constant(Tensor([Float(0.7)], dims: []))])
    let mix = add("MatMul", [add("Softmax", [scores], ["axis": .int(-1)]), v])
    let joined = add("Transpose", [mix], ["perm": .ints([0, 2, 1, 3])])
    tokens.append((add("Reshape", [joined, shape([0, 0, width])]), [dims[0], dims[1], width]))
  }

  private mutating func spelledGelu() {
    let (x, dims) = pick(images)
    func number(_ value: Float, _ network: inout RandomNetwork) -> String {
      network.constant(Tensor([value], dims: []))
    }
    if numbers.int(0...1) == 0 {
      let erf = add("Erf", [add("Div", [x, number(1.414_213_6, &self)])])
      let product = add("Mul", [x, add("Add", [erf, number(1, &self)])])
      images.append((add("Mul", [product, number(0.5, &self)]), dims))
      return
    }
    let cubic = add("Mul", [add("Pow", [x, number(3, &self)]), number(0.044715, &self)])
    let inner = add("Mul", [add("Add", [x, cubic]), number(0.797_884_6, &self)])
    let outer = add("Add", [add("Tanh", [inner]), number(1, &self)])
    images.append((add("Mul", [add("Mul", [x, number(0.5, &self)]), outer]), dims))
  }

  /// The same function twice.
  private mutating func twice() {
    let (x, dims) = pick(images)
    images.append((add("Sub", [add("Exp", [add("Tanh", [x])]), add("Exp", [add("Tanh", [x])])]), dims))
  }

  private mutating func batchNormalization() {
    let (x, dims) = pick(images), channels = [dims[1]]
    let variance = constant(Tensor((0..<dims[1]).map { Float($0 + 1) / 2 }, dims: channels))
    let y = add(
      "BatchNormalization", [x, constant(channels, 1), constant(channels, 1), constant(channels, 1), variance])
    images.append((y, dims))
  }

  // MARK: - Helpers

  private mutating func pick(_ pool: [(name: String, dims: [Int])]) -> (name: String, dims: [Int]) {
    pool[numbers.int(max(0, pool.count - 4)...pool.count - 1)]
  }

  private mutating func name() -> String {
    count += 1
    return "v\(count)"
  }

  private mutating func add(_ opType: String, _ inputs: [String], _ attributes: [String: Attribute] = [:]) -> String {
    let output = name()
    graph.nodes.append(Node(opType, inputs: inputs, outputs: [output], attributes: attributes))
    return output
  }

  private mutating func constant(_ dims: [Int], _ range: Float) -> String {
    let count = dims.reduce(1, *)
    return constant(Tensor((0..<count).map { _ in Float(numbers.unit() * 2 - 1) * range }, dims: dims))
  }

  private mutating func constant(_ tensor: Tensor) -> String {
    let name = "c\(graph.initializers.count)"
    graph.addInitializer(name, tensor)
    return name
  }

  private mutating func shape(_ dims: [Int]) -> String { constant(Tensor(dims.map(Int64.init), dims: [dims.count])) }
}
