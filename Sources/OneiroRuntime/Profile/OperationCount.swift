import OneiroGraph

/// What one call of a step has to do at least: the arithmetic that the operator's definition asks for, and each of its
/// operands in memory once.
///
/// A kernel that gets by with less arithmetic, such as Winograd's convolution, seems faster than the machine for it.
public struct OperationCount: Sendable, Equatable {
  /// Floating-point operations, two for each multiplication with its addition; 0 for operators that are not counted.
  public var operations: Double
  /// Bytes of inputs, constants and outputs; an input that is given twice counts once.
  public var bytes: Double

  public init(operations: Double = 0, bytes: Double = 0) {
    self.operations = operations
    self.bytes = bytes
  }

  public init(_ step: ExecutionPlan.Step) {
    var seen: Set<String> = []
    bytes = (step.inputs + step.outputs).compactMap { $0 }.filter { seen.insert($0.name).inserted }
      .reduce(0) { $0 + Self.byteCount($1.type) }
    operations = 2 * Self.multiplications(step)
  }

  public static func + (a: Self, b: Self) -> Self {
    Self(operations: a.operations + b.operations, bytes: a.bytes + b.bytes)
  }
  public static func * (a: Self, times: Int) -> Self {
    Self(operations: a.operations * Double(times), bytes: a.bytes * Double(times))
  }

  /// Multiplications that are followed by an addition.
  private static func multiplications(_ step: ExecutionPlan.Step) -> Double {
    let inputs = step.inputs.map { $0?.type.dims }
    guard inputs.count >= 2, let first = inputs[0], let second = inputs[1], let output = step.outputs.first??.type.dims
    else { return 0 }
    switch step.node.opType {
    // W: [M, C / group, ...]: what one element of Y sums up.
    case "Conv", "FusedConv", "UpsampledConv", "WeightQuantizedConv":
      return product(output) * product(second.dropFirst())
    case "QuantizedConv", "UpsampledQuantizedConv":
      return product(output) * product(inputs.count > 3 ? (inputs[3] ?? []).dropFirst() : [0])
    // W: [C, M / group, ...]: what one element of X is added to.
    case "ConvTranspose": return product(first) * product(second.dropFirst())
    // A: [M, K] or [K, M], Y: [M, N].
    case "Gemm", "FusedGemm", "QuantizedGemm", "WeightQuantizedGemm": return product(first) * Double(output.last ?? 1)
    case "QuantizedGEGLU": return product(first) * Double(output.last ?? 1) * 2
    // A: [..., M, K] or [K], Y: [..., M, N].
    case "MatMul": return product(output) * Double(first.last ?? 1)
    case "ScaledDotProductAttention":
      // Q: [N, T, heads * D], K: [N, S, heads * D], Y: [N, T, heads * Dv]; Q may be columns of its rows.
      guard first.count == 3, second.count == 3, output.count == 3 else { return 0 }
      var width = Double(first[2])
      if case .ints(let widths) = step.node.attributes["qkv_widths"], let own = widths.first { width = Double(own) }
      return Double(first[0]) * Double(first[1]) * Double(second[1]) * (width + Double(output[2]))
    default: return 0
    }
  }

  /// In floating point, which does not overflow.
  private static func product(_ dims: some Sequence<Int>) -> Double { dims.reduce(1) { $0 * Double($1) } }

  private static func byteCount(_ type: TensorType) -> Double {
    Double(type.dims.flatMap(Tensor.elementCount).flatMap(type.elementType.byteCount) ?? 0)
  }
}
