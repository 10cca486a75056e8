import OneiroGraph

/// Weights made from the tensor's name alone, so that a full-size network can be tested and timed without a checkpoint,
/// and the same numbers come out anywhere. A SplitMix64 stream is seeded with the FNV-1a hash of the name:
///
///     unit[i]  in [-1, 1), from the top 24 bits of word i + 1
///     1-D, name ends in ".weight"   1 + 0.1 unit          (a normalization's scale)
///     other 1-D and scalars         0.05 unit             (a bias)
///     2-D and more                  unit sqrt(3 / product(dims[1...]))     (variance 1 / fan-in)
///
/// Position tables ("pos_embed", "decoder_pos_embed") have the values of their formula.
public struct GeneratedWeights: Sendable {
  /// Another salt gives other numbers.
  public let salt: UInt64

  public init(salt: UInt64 = 0) { self.salt = salt }

  /// The numbers in [-1, 1) that belong to a name, the first `count` of them.
  public func units(_ name: String, count: Int) -> [Float] {
    let seed = seed(of: name)
    return (0..<count).map { Self.unit(seed, $0) }
  }

  /// The weight of that name and shape. Float32.
  public func tensor(_ name: String, _ dims: [Int]) -> Tensor {
    if name.hasSuffix("pos_embed"), dims.count == 3, dims[0] == 1, dims[1] > 0, dims[2] % 2 == 0 {
      return PositionTable.sinusoidal(rows: dims[1], width: dims[2])
    }
    let seed = seed(of: name)
    let (offset, factor) = Self.distribution(name, dims)
    return Tensor(Float.self, dims: dims) { memory in
      for index in memory.indices {
        memory.initializeElement(at: index, to: Float(offset + Double(Self.unit(seed, index)) * factor))
      }
    }
  }

  static func tensor(_ name: String, _ dims: [Int], _ generator: GeneratedWeights) -> CheckpointTensor {
    CheckpointTensor(.float32, dims: dims) { generator.tensor(name, dims) }
  }

  private static func distribution(_ name: String, _ dims: [Int]) -> (offset: Double, factor: Double) {
    guard dims.count >= 2 else { return name.hasSuffix(".weight") && dims.count == 1 ? (1, 0.1) : (0, 0.05) }
    return (0, (3 / Double(dims.dropFirst().reduce(1, *))).squareRoot())
  }

  /// FNV-1a, 64 bits.
  private func seed(of name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325 ^ salt) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// SplitMix64's output function on the word at `index`.
  @inline(__always)
  private static func unit(_ seed: UInt64, _ index: Int) -> Float {
    let word = SplitMix64.mix(seed &+ UInt64(truncatingIfNeeded: index &+ 1) &* SplitMix64.increment)
    return Float(Int64(bitPattern: word >> 40)) * 0x1p-23 - 1
  }
}
