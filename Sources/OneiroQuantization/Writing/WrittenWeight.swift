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
  /// - elements, scales: their positions in the stream.
  init(_ weight: QuantizedWeight, of name: String, elements: Int, scales: Int, _ names: inout FreshNames) {
    places = [(names.make("\(name)_quantized"), elements), (names.make("\(name)_scale"), scales)]
    byteCount = weight.byteCount
    noise = weight.noise
    var attributes: [String: Attribute] = ["axis": .int(Int64(weight.axis))]
    if weight.blockSize > 0 { attributes["block_size"] = .int(Int64(weight.blockSize)) }
    dequantizer = Node(
      "DequantizeLinear", name: name, inputs: places.map(\.name), outputs: [name], attributes: attributes)
  }
}
