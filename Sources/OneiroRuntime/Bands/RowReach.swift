import OneiroGraph
import OneiroOps

/// Which rows of its inputs an operator on images [N,C,H,W] reads to make some rows of its output.
struct RowReach {
  enum Input {
    /// Those around the rows that lie at the same place of the picture.
    case rows(RowWindow)
    /// All of it, for any row: weights, numbers for channels.
    case whole
  }

  /// One for each input; `whole` for those that are left out.
  let inputs: [Input]
  /// Whether mean and variance of input 0 over the whole picture are needed first.
  private(set) var isNormalization = false

  /// - isApproximate: whether the node's kernel is.
  /// - constants: values that are known; sizes and scales have to be among them.
  /// - Returns: `nil` for an operator that has to see more of the picture than a few rows, or is not known here.
  init?(_ node: Node, isApproximate: Bool, types: [String: TensorType], constants: [String: Tensor]) {
    guard node.outputs.count == 1, let op = Operators.find(node.op), ["", Model.oneiroDomain].contains(node.domain),
      let output = types[node.outputs[0]]?.dims, Self.isImage(output)
    else { return nil }
    let attributes = NodeAttributes(node, schema: op.schema), dims = node.inputs.map { types[$0]?.dims }
    switch node.opType {
    case let name where Self.convolutions[name] != nil:
      guard let places = Self.convolutions[name], let image = dims[0], let filters = dims[places.filters],
        filters.count == 4,
        let window = name.hasPrefix("Upsampled")
          ? RowWindow(enlarged: attributes, kernel: Array(filters[2...]), from: image, to: output)
          : RowWindow(
            convolution: attributes, kernel: Array(filters[2...]), isApproximate: isApproximate, from: image, to: output
          )
      else { return nil }
      // What is added to the product has its shape, or a number for each channel.
      inputs = dims.indices.map {
        $0 == 0 ? .rows(window) : $0 == places.added && dims[$0] == output ? .rows(RowWindow()) : .whole
      }
    case "AveragePool", "MaxPool":
      guard let image = dims[0], let kernel = attributes.ints("kernel_shape"), !kernel.isEmpty,
        !attributes.bool("ceil_mode"),
        let window = RowWindow(convolution: attributes, kernel: kernel, from: image, to: output)
      else { return nil }
      inputs = [.rows(window)]
    case "GroupNormalization", "FusedGroupNormalization", "InstanceNormalization", "QuantizeGroupNormalization":
      guard types[node.inputs[0]]?.elementType == .float32,
        node.inputs.dropFirst().allSatisfy({ constants[$0] != nil })
      else { return nil }
      inputs = dims.indices.map { $0 == 0 ? .rows(RowWindow()) : .whole }
      isNormalization = true
    case "Resize":
      guard let image = dims[0], let window = RowWindow(resize: node, attributes, from: image, to: output, constants)
      else { return nil }
      inputs = dims.indices.map { $0 == 0 ? .rows(window) : .whole }
    case "DepthToSpace": inputs = [.rows(RowWindow(repeats: attributes.int("blocksize")))]
    case "SpaceToDepth": inputs = [.rows(RowWindow(stride: attributes.int("blocksize")))]
    case "Concat":
      guard ![2, -2].contains(attributes.int("axis")) else { return nil }
      inputs = dims.map { _ in .rows(RowWindow()) }
    case let name where Self.elementwise.contains(name):
      // Scales of a quantization may go along any axis.
      let isAlongRows = [2, -2].contains(attributes.int("axis")) && dims.count > 1 && dims[1] != []
      guard !isAlongRows, !attributes.bool("training_mode"), let reaches = Self.broadcasting(node, dims, to: output)
      else { return nil }
      inputs = reaches
    default: return nil
    }
  }

  /// Places of the inputs that are images, with the rows that are read of each.
  var windows: [(index: Int, window: RowWindow)] {
    inputs.enumerated().compactMap { index, input in
      if case .rows(let window) = input { (index, window) } else { nil }
    }
  }

  /// Rows of the output that are computed together.
  var tile: Int { windows.map(\.window.tile).max() ?? 1 }

  private static func isImage(_ dims: [Int]) -> Bool { dims.count == 4 && dims.allSatisfy { $0 > 0 } }

  /// Of operators that compute each element from those at its place.
  private static func broadcasting(_ node: Node, _ dims: [[Int]?], to output: [Int]) -> [Input]? {
    var result: [Input] = []
    for (name, dims) in zip(node.inputs, dims) {
      guard let dims, !name.isEmpty else {
        guard name.isEmpty else { return nil }
        result.append(.whole)
        continue
      }
      // Without an axis of rows, or with one number for all of them, it is the same for each.
      let rows = dims.count < 2 ? 1 : dims[dims.count - 2]
      guard dims.count == 4 && rows == output[2] || rows == 1 else { return nil }
      result.append(dims.count == 4 && rows == output[2] ? .rows(RowWindow()) : .whole)
    }
    return result.contains { if case .rows = $0 { true } else { false } } ? result : nil
  }

  /// Where convolutions have their filters, and what is added to their result.
  private static let convolutions: [String: (filters: Int, added: Int?)] = [
    "Conv": (1, nil), "FusedConv": (1, 3), "QuantizedConv": (3, 6), "UpsampledConv": (1, 3),
    "UpsampledQuantizedConv": (3, 6), "WeightQuantizedConv": (1, 5),
  ]

  private static let elementwise: Set<String> = [
    "Abs", "Add", "And", "BatchNormalization", "Cast", "Ceil", "Celu", "Clip", "Cos", "DequantizeLinear", "Div", "Elu",
    "Equal", "Erf", "Exp", "Floor", "Gelu", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "LeakyRelu",
    "Less", "LessOrEqual", "Log", "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "PRelu", "Pow",
    "QuantizeLinear", "Reciprocal", "Relu", "Round", "Selu", "SiLU", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign",
    "Sqrt", "Sub", "Sum", "Swish", "Tanh", "ThresholdedRelu", "Where", "Xor",
  ]
}
