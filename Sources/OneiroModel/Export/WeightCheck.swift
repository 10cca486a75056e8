import OneiroGraph

/// A look at weights while they pass by.
package enum WeightCheck {
  /// Refuses a tensor of float32, float16 or bfloat16 with a NaN or an infinity in it: no picture comes out of that.
  package static func finite(_ tensor: Tensor, name: String) throws(GraphError) {
    let bad: Int? =
      switch tensor.elementType {
      case .float32: firstBad(tensor, UInt32.self, exponent: 0x7F80_0000)
      case .float16: firstBad(tensor, UInt16.self, exponent: 0x7C00)
      case .bfloat16: firstBad(tensor, UInt16.self, exponent: 0x7F80)
      default: nil
      }
    guard let bad else { return }
    throw .mismatch(
      "tensor \"\(name)\": element \(bad)", expected: "a finite number", found: "\(tensor.doubles()[bad])")
  }

  /// The first element with all bits of its exponent set.
  private static func firstBad<Word: FixedWidthInteger>(_ tensor: Tensor, _: Word.Type, exponent: Word) -> Int? {
    withExtendedLifetime(tensor) {
      let words = tensor.bytes.bindMemory(to: Word.self)
      // Without a way out, the loop runs on vectors; that there is one is rare.
      var found = false
      for word in words { found = found || word & exponent == exponent }
      return found ? words.firstIndex { $0 & exponent == exponent } : nil
    }
  }
}
