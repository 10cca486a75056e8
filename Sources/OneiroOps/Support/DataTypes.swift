import OneiroGraph

extension ElementTypeSet {
  /// What operators that only move data take, if they were last revised before opset 13 brought bfloat16.
  static let beforeBFloat16 = unsignedIntegers.union(signedIntegers).union(complex).union(
    ElementTypeSet([.bool, .string, .float16, .float32, .float64]))

  /// What they take if they were last revised before opset 19 brought the first float8.
  static let beforeFloat8 = beforeBFloat16.union(ElementTypeSet([.bfloat16]))
}
