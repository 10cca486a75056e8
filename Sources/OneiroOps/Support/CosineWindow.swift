import Glibc
import OneiroGraph

/// Windows that are sums of cosines: Hann, Hamming, Blackman.
extension InferenceContext {
  func window() throws(GraphError) -> [ValueType] {
    let type = try elementType(attribute: "output_datatype", of: .numeric)
    guard let size = ints(0) else { return [.tensor(type, [.unknown])] }
    guard size.count == 1, size[0] >= 0 else { throw fails(0, expected: "one number from 0 up", found: "\(size)") }
    return [.tensor(type, dims: size)]
  }
}

extension KernelCall {
  /// window[n] = constant - first cos(2πn/N) + second cos(4πn/N)
  func window(_ constant: Double, _ first: Double, _ second: Double) throws(KernelError) -> [Tensor] {
    let type = try elementType(attribute: "output_datatype")
    guard let size = ints(0), size.count == 1, ElementTypeSet.numeric.contains(type) else {
      throw fails("expected a scalar size and a type of numbers")
    }
    let count = try elementCount(size, of: type)
    // A symmetric window of one element has no period; its only element is the one in the middle of any other.
    let period = attributes.bool("periodic") ? Double(count) : Double(count - 1)
    let values = (0..<count).map { index in
      let phase = 2 * Double.pi * (period > 0 ? Double(index) / period : 0.5)
      return constant - first * cos(phase) + second * cos(2 * phase)
    }
    return [Tensor(type, doubles: values, dims: size)]
  }
}
