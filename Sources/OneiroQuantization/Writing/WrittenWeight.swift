import OneiroGraph

/// What an initializer has become.
struct WrittenWeight {
  /// Initializers with their positions in the stream: the elements, and the scales where there are some.
  let places: [(name: String, index: Int)]
  let byteCount: Int
  var noise = QuantizationNoise()
  /// Why the weight is not in the form that was asked for.
  var reason: String?
  /// Whether that is because the form does not hold such numbers.
  var isOutOfRange = false
  /// Makes the float32 tensor under the initializer's own name, so that no reader changes.
  var dequantizer: Node?
}

extension WrittenWeight {
  /// - name: of the initializer that it stands for.
  /// - positions: of its `tensors` in the stream.
  init(_ weight: ReducedWeight, of name: String, at positions: [Int], _ names: inout FreshNames) {
    byteCount = weight.byteCount
    noise = weight.noise
    switch weight {
    case .half: places = [(name, positions[0])]
    case .quantized(let weight):
      places = [(names.make("\(name)_quantized"), positions[0]), (names.make("\(name)_scale"), positions[1])]
      var attributes: [String: Attribute] = ["axis": .int(Int64(weight.axis))]
      if weight.blockSize > 0 { attributes["block_size"] = .int(Int64(weight.blockSize)) }
      dequantizer = Node(
        "DequantizeLinear", name: name, inputs: places.map(\.name), outputs: [name], attributes: attributes)
    }
  }
}

extension ReducedWeight {
  /// What is written of it.
  var tensors: [Tensor] {
    switch self {
    case .quantized(let weight): [weight.elements, weight.scales]
    case .half(let weight): [weight.tensor]
    }
  }
}
