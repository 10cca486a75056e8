/// Classifier-free guidance: pushes a prediction away from what the model says without the condition.
public enum Guidance {
  /// conditional <- unconditional + scale * (conditional - unconditional), in place.
  public static func apply(
    scale: Float, unconditional: UnsafeBufferPointer<Float>, to conditional: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(unconditional.count == conditional.count, "two predictions of different sizes")
    for index in conditional.indices {
      conditional[index] = unconditional[index] + scale * (conditional[index] - unconditional[index])
    }
  }
}
