import OneiroGraph

/// Products of bytes, and what makes bytes of numbers and numbers of bytes.
enum QuantizedCases {
  static let all =
    gemm + geglu + conv + requantized + requantizedHalves + normalizations + quantizeLinear + dequantizeLinear
    + dynamicQuantizeLinear

  static let domain = "ai.oneiro"

  static func bytes(_ type: ElementType, _ dims: [Int], seed: Int = 1) -> Tensor {
    .randomInts(type, dims, type == .int8 ? -128...127 : 0...255, seed: seed)
  }

  static func one(_ type: ElementType, _ value: Double) -> Tensor { Tensor(type, doubles: [value], dims: []) }

  /// Activations with a scale and a zero point, which are constants as in a file, weights with `channels` scales.
  static func operands(
    _ type: ElementType, _ x: [Int], zeroPoint: Double, weights: [Int], channels: Int?
  ) -> [Case.Operand] {
    [
      .input(bytes(type, x)), .constant(one(.float32, 0.02)), .constant(one(type, zeroPoint)),
      .constant(bytes(.int8, weights, seed: 2)),
      .constant(channels.map { .random([$0], 0.001...0.03, seed: 3) } ?? one(.float32, 0.01)),
    ]
  }

  /// Scale and zero point of activations that come with the run, as where they are quantized by what it brings.
  static func dynamic(_ operands: [Case.Operand]) -> [Case.Operand] {
    operands.enumerated().map { index, operand in
      guard (1...2).contains(index), let tensor = operand.tensor else { return operand }
      return .input(tensor)
    }
  }

  /// Weights with zero points, after the inputs before them: what stays within a signed byte less its zero point, what
  /// does not, and both in turn.
  static func centered(
    _ x: ElementType, _ dims: [Int], _ type: ElementType, weights: [Int], channels: Int, _ range: ClosedRange<Int>
  ) -> [Case.Operand] {
    [
      .input(bytes(x, dims)), .input(one(.float32, 0.02)), .input(one(x, x == .int8 ? -7 : 113)),
      .constant(.randomInts(type, weights, range, seed: 2)), .constant(.random([channels], 0.001...0.03, seed: 3)),
      .input(.random([channels], seed: 4)), .absent,
      .constant(.randomInts(type, [channels], type == .int8 ? -128...127 : 0...255, seed: 6)),
    ]
  }
}
