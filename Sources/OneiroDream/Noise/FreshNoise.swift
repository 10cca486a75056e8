import OneiroModel

/// The noise that some samplers add after their steps: a stream of its own for each picture.
///
/// A picture's stream hangs on the seed and on the picture's number alone, so it is the same on every backend, with any
/// number of threads, and whichever pictures are drawn beside it; and another than that of `StartingNoise`.
public struct FreshNoise: Sendable {
  private var generators: [TorchGenerator]

  /// - count: how many pictures are drawn at once.
  public init(count: Int) { generators = [TorchGenerator](repeating: TorchGenerator(seed: 0), count: count) }

  /// Begins the streams of the pictures `first`, `first + 1`, ...
  public mutating func start(seed: UInt64, first: Int) {
    for index in generators.indices {
      generators[index].start(seed: Self.streamSeed(seed, picture: first &+ index))
    }
  }

  /// Draws the next step's noise.
  /// - memory: [count, ...]: as many numbers for each picture.
  public mutating func fill(_ memory: UnsafeMutableBufferPointer<Float>) {
    guard !generators.isEmpty else { return }
    precondition(memory.count % generators.count == 0, "\(memory.count) numbers for \(generators.count) pictures")
    let each = memory.count / generators.count
    for index in generators.indices {
      generators[index].fillNormal(UnsafeMutableBufferPointer(rebasing: memory[index * each..<(index + 1) * each]))
    }
  }

  /// What PyTorch's generator is seeded with for one picture's stream: the finalizer of SplitMix64 (Steele and others
  /// 2014) over the seed's low 32 bits, as many as count for the starting noise, and the picture's number.
  public static func streamSeed(_ seed: UInt64, picture: Int) -> UInt64 {
    let state = (seed & 0xffff_ffff) << 32 &+ UInt64(truncatingIfNeeded: picture) &+ SplitMix64.increment
    return SplitMix64.mix(state) >> 32
  }
}
