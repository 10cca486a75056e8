import OneiroGraph
import OneiroOps

/// int4 with a scale for each block of 32 positions along one axis: `w = scale[block] * q`, q in -8 ... 7. The last block
/// may be short.
public enum BlockQuantization {
  public static let blockSize = 32

  /// - tensor: float32.
  /// - axis: along which the blocks lie: the one that a product sums over.
  /// - name: for errors.
  /// - Throws: when a weight is not finite.
  public static func quantize(_ tensor: Tensor, axis: Int, name: String) throws(GraphError) -> QuantizedWeight {
    let tensor = try QuantizedWeight.checked(tensor, name: name)
    let split = AxisSplit(tensor.dims, axis: axis)
    let blocks = (split.length + blockSize - 1) / blockSize
    var scaleDims = tensor.dims
    scaleDims[axis] = blocks
    var noise = QuantizationNoise()
    var codes = [UInt8](repeating: 0, count: (tensor.count + 1) / 2)
    let scales = tensor.withElements(of: Float.self) { weights in
      Tensor(Float16.self, dims: scaleDims) { scales in
        for outer in 0..<split.outer {
          for block in 0..<blocks {
            let first = block * blockSize, width = min(blockSize, split.length - first)
            for inner in 0..<split.inner {
              let start = (outer * split.length + first) * split.inner + inner
              // Zeros fill up a short block: they are exact whatever the scale.
              var values = SIMD32<Float>()
              for lane in 0..<width { values[lane] = weights[start + lane * split.inner] }
              let best = Block(values)
              scales[(outer * blocks + block) * split.inner + inner] = best.scale
              noise.add(signal: Double((values * values).sum()), noise: Double(best.error))
              for lane in 0..<width {
                let index = start + lane * split.inner
                codes[index / 2] |= best.codes[lane] << UInt8(index % 2 * 4)
              }
            }
          }
        }
      }
    }
    let storage = ByteStorage(byteCount: codes.count) { $0.copyBytes(from: codes) }
    return QuantizedWeight(
      elements: Tensor(.int4, dims: tensor.dims, storage: storage), scales: scales.widening(), axis: axis,
      blockSize: blockSize, noise: noise)
  }

  /// One block with the scale that leaves the least squared error.
  struct Block {
    let scale: Float16
    /// Two's complement in four bits.
    let codes: SIMD32<UInt8>
    let error: Float

    init(_ values: SIMD32<Float>) {
      let largest = max(values.max(), -values.min())
      var best: Block?
      // What the largest weight may become: 7 keeps it whole whatever its sign, more lets it be clipped so that the others
      // get finer steps.
      for steps: Float in [7, 7.5, 8, 8.5, 9, 10] {
        let candidate = Block(values, scale: Self.scale(largest / steps))
        if candidate.error < best?.error ?? .infinity { best = candidate }
      }
      self = best ?? Block(values, scale: 1)
    }

    private init(_ values: SIMD32<Float>, scale: Float16) {
      let width = SIMD32<Float>(repeating: Float(scale))
      let quotients = (values / width).clamped(
        lowerBound: SIMD32(repeating: -8), upperBound: SIMD32(repeating: 7))
      let shifted = quotients + SIMD32<Float>(repeating: EvenRounding.shift)
      let errors = values - (shifted - SIMD32<Float>(repeating: EvenRounding.shift)) * width
      self.scale = scale
      error = (errors * errors).sum()
      let bits = unsafeBitCast(shifted, to: SIMD32<UInt32>.self)
      codes = SIMD32<UInt8>(truncatingIfNeeded: bits) & 0xF
    }

    /// float16 keeps a block at 4.5 bits a weight. What it cannot hold as a normal number is clipped.
    private static func scale(_ exact: Float) -> Float16 {
      if exact == 0 { return 1 }
      return Float16(min(max(exact, Float(Float16.leastNormalMagnitude)), Float(Float16.greatestFiniteMagnitude)))
    }
  }
}
