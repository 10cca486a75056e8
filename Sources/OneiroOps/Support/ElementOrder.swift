import OneiroGraph

extension Tensor {
  /// Integers that compare as the elements do: one for each element, two for a complex one. Equal elements have equal
  /// keys; all NaNs are equal and the largest; strings compare by their UTF-8 bytes.
  func orderKeys() -> (keys: [Int64], perElement: Int) {
    func key(_ value: Double) -> Int64 {
      if value.isNaN { return .max }
      // The bits of positive floats rise with the value, those of negative ones fall; adding 0 makes -0 into 0.
      let bits = Int64(bitPattern: (value + 0).bitPattern)
      return bits < 0 ? ~bits | .min : bits
    }
    func realParts<Part: BinaryFloatingPoint>(_: Part.Type) -> [Int64] {
      let memory = bytes
      return (0..<2 * count).map {
        key(Double(memory.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Part>.size, as: Part.self)))
      }
    }
    switch elementType {
    case .complex64: return (realParts(Float.self), 2)
    case .complex128: return (realParts(Double.self), 2)
    case .uint64: return (int64s().map { $0 ^ .min }, 1)
    case .string:
      let words = Set(strings).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      let ranks = Dictionary(zip(words, 0...), uniquingKeysWith: { first, _ in first })
      return (strings.map { Int64(ranks[$0] ?? 0) }, 1)
    default: return (elementType.isFloatingPoint ? doubles().map(key) : int64s(), 1)
    }
  }

  /// Whether each element is not zero; an empty string is zero, NaN is not.
  func nonZeros() -> [Bool] {
    if elementType == .string { return strings.map { !$0.isEmpty } }
    // 0 has the key 0 in every type but uint64, where the sign bit is turned.
    let zero: Int64 = elementType == .uint64 ? .min : 0
    let (keys, perElement) = orderKeys()
    return (0..<count).map { element in (0..<perElement).contains { keys[element * perElement + $0] != zero } }
  }
}
