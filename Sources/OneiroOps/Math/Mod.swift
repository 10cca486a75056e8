import Glibc
import OneiroGraph

/// Mod, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__Mod.html
///
///     C = A mod B     with broadcasting
///
/// The result has the sign of B as in Python, or with `fmod` the sign of A as in C. Before opset 28 the standard wanted
/// `fmod` for floats; exporters of Python's `%` left it out all the same, and meant the sign of B.
public enum Mod: Operator {
  public static let schema = OpSchema(
    "Mod", since: 13, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T")],
    attributes: [.int("fmod", default: 0)], types: ["T": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.elementType(0), try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let isTruncating = call.attributes.bool("fmod")
    return try call.combine(
      floats: { a, b in
        let remainder = fmod(a, b)
        if isTruncating { return remainder }
        if remainder == 0 { return copysign(0, b) }
        return (remainder < 0) != (b < 0) ? remainder + b : remainder
      },
      ints: { (a, b) throws(KernelError) in
        guard b != 0 else { throw call.fails("remainder of a division by zero") }
        // What -1 leaves is zero; dividing the lowest number by it would overflow.
        let remainder = b == -1 ? 0 : a % b
        return !isTruncating && remainder != 0 && (remainder < 0) != (b < 0) ? remainder &+ b : remainder
      },
      unsigned: { (a, b) throws(KernelError) in
        guard b != 0 else { throw call.fails("remainder of a division by zero") }
        return a % b
      })
  }
}
