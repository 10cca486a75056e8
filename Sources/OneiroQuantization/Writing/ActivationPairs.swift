import OneiroGraph

/// QuantizeLinear and DequantizeLinear on activations: one pair for a value, whoever reads it.
struct ActivationPairs {
  private let activations: [String: ActivationQuantization]
  private var made: [String: String] = [:]
  private(set) var initializers: [(name: String, tensor: Tensor)] = []

  init(_ activations: [String: ActivationQuantization]) { self.activations = activations }

  /// The name under which a layer reads `value` instead, and the nodes that have to stand before its first reader.
  mutating func read(_ value: String, _ names: inout FreshNames) -> (name: String, nodes: [Node]) {
    if let name = made[value] { return (name, []) }
    guard let activation = activations[value] else { preconditionFailure("an activation without a range") }
    let scale = names.make("\(value)_scale"), zeroPoint = names.make("\(value)_zero_point")
    let quantized = names.make("\(value)_quantized"), dequantized = names.make("\(value)_dequantized")
    initializers += [(scale, Tensor(scalar: activation.scale)), (zeroPoint, Tensor(scalar: activation.zeroPoint))]
    made[value] = dequantized
    return (
      dequantized,
      [
        Node("QuantizeLinear", name: quantized, inputs: [value, scale, zeroPoint], outputs: [quantized]),
        Node("DequantizeLinear", name: dequantized, inputs: [quantized, scale, zeroPoint], outputs: [dequantized]),
      ]
    )
  }
}
