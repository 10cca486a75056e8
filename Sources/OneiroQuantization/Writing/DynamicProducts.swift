import OneiroGraph

/// Products of integers whose activation finds its range in every run:
///
///     x ── DynamicQuantizeLinear ─┬─ MatMulInteger / ConvInteger ── Cast ── Mul ── (Add bias) ── y
///                                 └─ scale of x ── Mul with the weight's scales ──┘
///
/// One DynamicQuantizeLinear for a value, whoever reads it.
struct DynamicProducts {
  private var made: [String: (elements: String, scale: String, zeroPoint: String)] = [:]
  private(set) var initializers: [(name: String, tensor: Tensor)] = []

  /// - elements, scales: the initializers of the weight, int8 and [channels].
  /// - rank: of the weight.
  /// - Returns: the nodes that stand for the layer's.
  mutating func nodes(
    for layer: QuantizableLayer, elements: String, scales: String, _ names: inout FreshNames
  ) -> [Node] {
    var nodes: [Node] = []
    let node = layer.node, base = node.outputs[0]
    func add(_ opType: String, _ inputs: [String], _ suffix: String, _ attributes: [String: Attribute] = [:]) -> String
    {
      let output = names.make("\(base)_\(suffix)")
      nodes.append(Node(opType, name: output, inputs: inputs, outputs: [output], attributes: attributes))
      return output
    }
    func constant(_ tensor: Tensor, _ suffix: String) -> String {
      let name = names.make("\(base)_\(suffix)")
      initializers.append((name, tensor))
      return name
    }
    let value = layer.activation
    let activation: (elements: String, scale: String, zeroPoint: String)
    if let known = made[value] {
      activation = known
    } else {
      activation = (
        names.make("\(value)_quantized"), names.make("\(value)_scale"), names.make("\(value)_zero_point")
      )
      made[value] = activation
      nodes.append(
        Node(
          "DynamicQuantizeLinear", name: activation.elements, inputs: [value],
          outputs: [activation.elements, activation.scale, activation.zeroPoint]))
    }
    var weight = elements, weightScales = scales
    var attributes: [String: Attribute] = [:]
    let isConv = node.opType == "Conv"
    if isConv {
      attributes = node.attributes
      // [M] over the positions of an image: [M, 1, 1].
      let shape = constant(
        Tensor([-1] + [Int64](repeating: 1, count: layer.dims.count - 2), dims: [layer.dims.count - 1]), "shape")
      weightScales = add("Reshape", [scales, shape], "scales")
    }
    if case .int(let flag) = node.attributes["transB"], flag != 0 {
      weight = add("Transpose", [elements], "transposed", ["perm": .ints([1, 0])])
    }
    let product = add(
      isConv ? "ConvInteger" : "MatMulInteger", [activation.elements, weight, activation.zeroPoint], "integers",
      attributes)
    let float = add("Cast", [product], "float", ["to": .int(Int64(ElementType.float32.rawValue))])
    var scale = add("Mul", [activation.scale, weightScales], "scale")
    if case .float(let alpha) = node.attributes["alpha"], alpha != 1 {
      scale = add("Mul", [scale, constant(Tensor(scalar: alpha), "alpha")], "alpha_scale")
    }
    var bias = node.inputs.count > 2 && !node.inputs[2].isEmpty ? node.inputs[2] : nil
    if let given = bias, isConv {
      let shape = constant(
        Tensor([-1] + [Int64](repeating: 1, count: layer.dims.count - 2), dims: [layer.dims.count - 1]), "bias_shape")
      bias = add("Reshape", [given, shape], "bias")
    } else if let given = bias, case .float(let beta) = node.attributes["beta"], beta != 1 {
      bias = add("Mul", [given, constant(Tensor(scalar: beta), "beta")], "bias")
    }
    if let bias {
      let scaled = add("Mul", [float, scale], "product")
      nodes.append(
        Node("Add", name: node.name, inputs: [scaled, bias], outputs: node.outputs, metadata: node.metadata))
    } else {
      nodes.append(
        Node("Mul", name: node.name, inputs: [float, scale], outputs: node.outputs, metadata: node.metadata))
    }
    return nodes
  }
}
