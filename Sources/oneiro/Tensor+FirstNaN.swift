import OneiroGraph

extension Tensor {
  /// The first element that is NaN, of float32.
  var firstNaN: Int? {
    elementType == .float32 ? withElements(of: Float.self) { $0.firstIndex(where: \.isNaN) } : nil
  }
}
