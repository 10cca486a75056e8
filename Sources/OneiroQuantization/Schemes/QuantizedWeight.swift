import OneiroGraph
import OneiroModel

/// A weight in few bits: what DequantizeLinear makes the tensor of.
public struct QuantizedWeight: Sendable {
  /// int8 or int4, of the weight's shape.
  public let elements: Tensor
  /// float32: [channels] along `axis`, or, with blocks, the weight's shape with fewer positions along `axis`.
  public let scales: Tensor
  public let axis: Int
  /// Positions along `axis` that share a scale; 0 when `axis` has a scale for each.
  public let blockSize: Int
  public let noise: QuantizationNoise

  public var byteCount: Int { elements.storedByteCount + scales.storedByteCount }

  /// A float32 tensor of finite numbers, or an error that names it.
  static func checked(_ tensor: Tensor, name: String) throws(GraphError) -> Tensor {
    guard tensor.elementType == .float32 else {
      throw .mismatch("weight \"\(name)\"", expected: "float", found: tensor.elementType.name)
    }
    try WeightCheck.finite(tensor.asStored, name: name)
    // What is widened for this look goes away with it.
    return tensor.withOwnWidening
  }
}

/// Rounding by addition: 1.5 x 2^23 leaves a float32 no bits behind the point, so the sum is rounded to a whole number,
/// halves to the even one, and its lowest bits are that number's. Unlike a call of the C library it runs on vectors.
enum EvenRounding {
  static let shift: Float = 12_582_912
}
