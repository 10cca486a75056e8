import Glibc
import OneiroGraph

/// Operators that draw their output: its type is attribute `dtype`, its shape attribute `shape` or that of an input.
/// Attribute `seed` is for runtimes with one generator a node; here the run has one, which the caller seeds.
extension InferenceContext {
  /// The output of an operator whose shape is attribute `shape`.
  func randomOutput() throws(GraphError) -> [ValueType] {
    let type = try elementType(attribute: "dtype", of: .floats)
    let dims = attributes.ints("shape") ?? []
    guard Tensor.elementCount(dims) != nil else {
      throw .mismatch(node: node, "attribute shape", expected: "extents from 0 up", found: "\(dims)")
    }
    return [.tensor(type, dims: dims)]
  }

  /// The output of an operator that has the shape of its input, and its type unless `dtype` says otherwise.
  func randomOutputLikeInput(_ allowed: ElementTypeSet = .floats) throws(GraphError) -> [ValueType] {
    if attributes.has("dtype") { return [.tensor(try elementType(attribute: "dtype", of: allowed), try shape(0))] }
    let type = try elementType(0)
    guard allowed.contains(type) else {
      throw fails(0, expected: "attribute dtype, or a type that can be drawn", found: type.name)
    }
    return [.tensor(type, try shape(0))]
  }
}

extension KernelCall {
  /// A tensor of draws with the shape of attribute `shape`, or of input 0 where there is no such attribute.
  func randomTensor(_ allowed: ElementTypeSet = .floats, _ draw: (Int) -> Double) throws(KernelError) -> [Tensor] {
    let like = optionalTensor(0)
    let type = try like == nil || attributes.has("dtype") ? elementType(attribute: "dtype") : tensor(0).elementType
    guard allowed.contains(type) else { throw fails("attribute dtype: cannot be \(type.name)") }
    let dims = like?.dims ?? attributes.ints("shape") ?? []
    let count = try elementCount(dims, of: type)
    return [Tensor(type, doubles: (0..<count).map(draw), dims: dims)]
  }

  /// A draw from the normal distribution, by Box and Muller: two uniform draws give an angle and a radius.
  func randomNormal() -> Double {
    // 1 - u lies in (0, 1], where the logarithm is finite.
    let radius = (-2 * log(1 - random())).squareRoot()
    return radius * cos(2 * .pi * random()) * attributes.float("scale") + attributes.float("mean")
  }

  func randomUniform() -> Double {
    let low = attributes.float("low"), high = attributes.float("high")
    return low + (high - low) * random()
  }
}
