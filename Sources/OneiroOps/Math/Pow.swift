import Glibc
import OneiroGraph

/// Pow, ai.onnx opset 15: https://onnx.ai/onnx/operators/onnx__Pow.html
///
///     Z = X ^ Y     with broadcasting; base and exponent may differ in type
///
/// An integer base with an integer exponent is exact and wraps; with a floating-point exponent it is computed in
/// floating point and truncated.
public enum Pow: Operator {
  public static let schema = OpSchema(
    "Pow", since: 15, inputs: [.one("X", "T"), .one("Y", "T1")], outputs: [.one("Z", "T")],
    types: ["T": .floats.union(.indices), "T1": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.elementType(0), try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let base = try call.tensor(0), exponent = try call.tensor(1)
    let dims = try call.commonShape(base, exponent)
    let left = Shape.broadcastIndices(base.dims, to: dims), right = Shape.broadcastIndices(exponent.dims, to: dims)
    guard base.elementType.isInteger, exponent.elementType.isInteger else {
      let x = base.doubles(), y = exponent.doubles()
      return [Tensor(base.elementType, doubles: left.indices.map { pow(x[left[$0]], y[right[$0]]) }, dims: dims)]
    }
    let x = base.int64s(), y = exponent.int64s()
    var powers = [Int64](repeating: 0, count: left.count)
    for index in left.indices {
      let isNegative = exponent.elementType.isSignedInteger && y[right[index]] < 0
      powers[index] =
        try isNegative
        ? reciprocalPower(x[left[index]], y[right[index]], call)
        : power(x[left[index]], UInt64(bitPattern: y[right[index]]))
    }
    return [Tensor(base.elementType, int64s: powers, dims: dims)]
  }

  /// Square and multiply, modulo 2^64.
  private static func power(_ base: Int64, _ exponent: UInt64) -> Int64 {
    var result: Int64 = 1, square = base, rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }

  /// 1 / base^-exponent, truncated: only 1 and -1 leave something.
  private static func reciprocalPower(_ base: Int64, _ exponent: Int64, _ call: KernelCall) throws(KernelError) -> Int64
  {
    switch base {
    case 0: throw call.fails("zero to the power \(exponent) divides an integer by zero")
    case 1: 1
    case -1: exponent & 1 == 0 ? 1 : -1
    default: 0
    }
  }
}
