import OneiroGraph

/// Where, ai.onnx opset 16: https://onnx.ai/onnx/operators/onnx__Where.html
///
///     output = condition ? X : Y     all three broadcast
public enum Where: Operator {
  public static let schema = OpSchema(
    "Where", since: 16,
    inputs: [.one("condition", "B"), .one("X", "T"), .one("Y", "T")], outputs: [.one("output", "T")],
    types: ["B": .bool, "T": .numeric.union(.bool).union(.string).union(.complex)])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.elementType(1), try node.broadcast([0, 1, 2]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let condition = try call.tensor(0), x = try call.tensor(1), y = try call.tensor(2)
    let dims = try call.commonShape(condition, x, y)
    guard x.elementType == y.elementType else {
      throw call.fails("X is \(x.elementType.name) and Y is \(y.elementType.name)")
    }
    let conditions = condition.broadcast(to: dims).int64s().map { $0 != 0 }
    let chosen = x.broadcast(to: dims), other = y.broadcast(to: dims)
    if x.elementType == .string {
      let strings = zip(conditions, zip(chosen.strings, other.strings)).map { $0 ? $1.0 : $1.1 }
      return [Tensor(strings: strings, dims: dims)]
    }
    let width = x.elementType.bitWidth / 8
    let storage = ByteStorage(byteCount: conditions.count * width) { memory in
      let left = chosen.bytes, right = other.bytes
      for (index, condition) in conditions.enumerated() {
        let range = index * width..<(index + 1) * width
        UnsafeMutableRawBufferPointer(rebasing: memory[range])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: (condition ? left : right)[range]))
      }
    }
    return [Tensor(x.elementType, dims: dims, storage: storage)]
  }
}
