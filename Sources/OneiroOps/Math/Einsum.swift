import OneiroGraph

/// Einsum, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__Einsum.html
///
///     Output[output labels] = sum over all other labels of the product of the inputs
public enum Einsum: Operator {
  public static let schema = OpSchema(
    "Einsum", since: 12, inputs: [.variadic("Inputs", "T")], outputs: [.one("Output", "T")],
    attributes: [.required("equation", .string)],
    types: ["T": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    var shapes: [[Dimension]] = []
    for index in node.inputs.indices {
      guard let shape = try node.shape(index) else { return [.tensor(try node.elementType(0), nil)] }
      shapes.append(shape)
    }
    do {
      let equation = try EinsumEquation(node.attributes.string("equation"), ranks: shapes.map(\.count))
      let extents = try equation.extents(shapes)
      return [.tensor(try node.elementType(0), equation.output.map { extents[$0] ?? .unknown })]
    } catch let error as KernelError {
      throw .invalid(node: node.node, "attribute equation", error.description)
    } catch let error as GraphError {
      throw error
    } catch {
      throw node.fails(nil, "\(error)")
    }
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    var tensors: [Tensor] = []
    for index in call.inputs.indices { tensors.append(try call.tensor(index)) }
    guard let type = tensors.first?.elementType else { throw call.fails("has no inputs") }
    let equation = try EinsumEquation(call.attributes.string("equation"), ranks: tensors.map(\.rank))
    let extents = try equation.extents(tensors.map { $0.dims.map(Dimension.known) }).mapValues { $0.extent ?? 1 }
    let summed = Set(extents.keys).subtracting(equation.output).sorted()
    let labels = equation.output + summed
    let outputDims = equation.output.map { extents[$0] ?? 1 }, summedDims = summed.map { extents[$0] ?? 1 }
    let count = try call.elementCount(outputDims, of: type)
    let width = try call.elementCount(summedDims, of: type)
    // How far each operand moves when a label's index grows by one; a label that occurs twice walks the diagonal.
    let strides = zip(tensors, equation.operands).map { tensor, own in
      let steps = Shape.strides(tensor.dims)
      return labels.map { label in
        own.indices.reduce(0) { own[$1] == label && tensor.dims[$1] > 1 ? $0 + steps[$1] : $0 }
      }
    }
    let outputRank = equation.output.count
    let starts = strides.map { offsets(outputDims, Array($0[..<outputRank]), count) }
    let steps = strides.map { offsets(summedDims, Array($0[outputRank...]), width) }
    if type.isFloatingPoint {
      let sums = sum(tensors.map { $0.doubles() }, starts, steps, count, width, one: 1, zero: 0, *, +)
      return [Tensor(type, doubles: sums, dims: outputDims)]
    }
    let sums = sum(tensors.map { $0.int64s() }, starts, steps, count, width, one: 1, zero: 0, &*, &+)
    return [Tensor(type, int64s: sums, dims: outputDims)]
  }

  private static func offsets(_ dims: [Int], _ strides: [Int], _ count: Int) -> [Int] {
    var offsets = [Int](repeating: 0, count: count)
    Shape.walk(dims, strides) { offsets[$0] = $1 }
    return offsets
  }

  private static func sum<Number>(
    _ operands: [[Number]], _ starts: [[Int]], _ steps: [[Int]], _ count: Int, _ width: Int, one: Number, zero: Number,
    _ multiply: (Number, Number) -> Number, _ add: (Number, Number) -> Number
  ) -> [Number] {
    (0..<count).map { position in
      var total = zero
      for step in 0..<width {
        var product = one
        for index in operands.indices {
          product = multiply(product, operands[index][starts[index][position] + steps[index][step]])
        }
        total = add(total, product)
      }
      return total
    }
  }
}
