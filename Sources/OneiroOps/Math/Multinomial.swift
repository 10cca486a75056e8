import Glibc
import OneiroGraph

/// Multinomial, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Multinomial.html
///
/// Draws `sample_size` classes for each row of the input, [batch, classes], which holds unnormalized log-probabilities.
public enum Multinomial: Operator {
  public static let schema = OpSchema(
    "Multinomial", since: 22, inputs: [.one("input", "T1")], outputs: [.one("output", "T2")],
    attributes: [.int("dtype", default: 6), .int("sample_size", default: 1), .float("seed")],
    types: ["T1": .floats, "T2": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let shape = try node.shape(0) ?? [.unknown, .unknown]
    guard shape.count == 2 else { throw node.fails(0, expected: "rank 2", found: "rank \(shape.count)") }
    let size = node.attributes.int("sample_size")
    guard size >= 0 else {
      throw .mismatch(node: node.node, "attribute sample_size", expected: "0 or more", found: "\(size)")
    }
    return [.tensor(try node.elementType(attribute: "dtype", of: .indices), [shape[0], .known(size)])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let input = try call.tensor(0), size = call.attributes.int("sample_size")
    let type = try call.elementType(attribute: "dtype")
    guard input.rank == 2, ElementTypeSet.indices.contains(type) else {
      throw call.fails("expected rank 2 and int32 or int64, found \(input.rank) and \(type.name)")
    }
    let dims = [input.dims[0], size], classes = input.dims[1]
    let count = try call.elementCount(dims, of: type)
    guard classes > 0 || count == 0 else { throw call.fails("there are no classes to draw from") }
    let logits = input.doubles()
    var samples: [Int64] = []
    samples.reserveCapacity(count)
    for row in 0..<(count == 0 ? 0 : dims[0]) {
      let line = logits[row * classes..<(row + 1) * classes], top = line.max() ?? 0
      let weights = line.map { exp($0 - top) }, total = weights.reduce(0, +)
      for _ in 0..<size {
        var rest = call.random() * total, choice = 0
        while choice < classes - 1, rest >= weights[choice] {
          rest -= weights[choice]
          choice += 1
        }
        samples.append(Int64(choice))
      }
    }
    return [Tensor(type, int64s: samples, dims: dims)]
  }
}
