import OneiroGraph

extension Derivatives {
  /// X: [N, C, spatial], W: [M, C, kernel], without groups, shapes known.
  static let convolution = [
    Derivative("Conv") { (node, gradient, builder) throws(GraphError) in
      let form = try ConvolutionForm(node, builder)
      let window: [String: Attribute] = [
        "pads": .ints(form.pads), "strides": .ints(form.strides), "dilations": .ints(form.dilations),
      ]
      var back = window
      back["output_padding"] = .ints(form.leftOver)
      let input = builder.add("ConvTranspose", [gradient, node.inputs[1]], back)
      // The weights' gradient is a convolution over the batch: items are channels, and strides and dilations swap.
      let order = Attribute.ints([1, 0] + form.strides.indices.map { Int64($0) + 2 })
      let x = builder.add("Transpose", [node.inputs[0]], ["perm": order])
      let g = builder.add("Transpose", [gradient], ["perm": order])
      let swapped: [String: Attribute] = [
        "pads": .ints(form.pads), "strides": .ints(form.dilations), "dilations": .ints(form.strides),
      ]
      let all = builder.add("Conv", [x, g], swapped)
      // Rows of the input that no window reached give positions behind the kernel's end.
      let axes = Array(form.kernel.indices.map { $0 + 2 })
      let cut = builder.add(
        "Slice", [all, builder.ints(axes.map { _ in 0 }), builder.ints(form.kernel), builder.ints(axes)])
      let weights = builder.add("Transpose", [cut], ["perm": order])
      let bias = builder.add("ReduceSum", [gradient, builder.ints([0] + axes)], ["keepdims": .int(0)])
      return [input, weights, bias]
    }
  ]

  private struct ConvolutionForm {
    let kernel: [Int]
    let pads, strides, dilations: [Int64]
    /// Of the input, behind the last window.
    let leftOver: [Int64]

    init(_ node: Node, _ builder: DerivativeBuilder) throws(GraphError) {
      guard let x = builder.types[node.inputs[0]]?.dims, let w = builder.types[node.inputs[1]]?.dims,
        let y = builder.types[node.outputs[0]]?.dims
      else { throw .invalid(node: node, nil, "its shapes have to be known for a derivative") }
      guard node.int("group") ?? 1 == 1 else {
        throw .invalid(node: node, "attribute group", "no derivative is written for more than one group")
      }
      if let way = node.attributes["auto_pad"], case .string(let bytes) = way, bytes != Array("NOTSET".utf8) {
        throw .invalid(node: node, "attribute auto_pad", "no derivative is written for it; state the pads")
      }
      let axes = w.count - 2
      func ints(_ name: String, _ count: Int, _ value: Int64) -> [Int64] {
        if case .ints(let given) = node.attributes[name] { given } else { [Int64](repeating: value, count: count) }
      }
      kernel = Array(w.dropFirst(2))
      pads = ints("pads", 2 * axes, 0)
      strides = ints("strides", axes, 1)
      dilations = ints("dilations", axes, 1)
      let (pads, strides, dilations) = (pads, strides, dilations)
      leftOver = (0..<axes).map { axis in
        let reach = Int64(y[axis + 2] - 1) * strides[axis] + Int64(w[axis + 2] - 1) * dilations[axis] + 1
        return Int64(x[axis + 2]) + pads[axis] + pads[axis + axes] - reach
      }
    }
  }
}
