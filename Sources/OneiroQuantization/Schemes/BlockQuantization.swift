import OneiroGraph
import OneiroOps

/// int4 with a scale for each block of 32 positions along one axis: `w = scale[block] * q`, q in -8 ... 7. The last
/// block may be short.
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
        withUnsafeTemporaryAllocation(of: Float.self, capacity: blockSize) { values in
          for outer in 0..<split.outer {
            for block in 0..<blocks {
              let first = block * blockSize, width = min(blockSize, split.length - first)
              for inner in 0..<split.inner {
                let start = (outer * split.length + first) * split.inner + inner
                // Zeros fill up a short block: they are exact whatever the scale.
                values.initialize(repeating: 0)
                for lane in 0..<width { values[lane] = weights[start + lane * split.inner] }
                let best = Block(UnsafeBufferPointer(values))
                scales[(outer * blocks + block) * split.inner + inner] = best.scale
                noise.add(signal: Double(best.signal), noise: Double(best.error))
                for lane in 0..<width {
                  let index = start + lane * split.inner
                  codes[index / 2] |= best.code(of: values[lane]) << UInt8(index % 2 * 4)
                }
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

  /// The scale of one block that leaves the least squared error.
  struct Block {
    let scale: Float16
    /// Sums of squares: of the block, and of what rounding takes from it.
    let signal, error: Float

    /// - values: as many as a block has.
    init(_ values: UnsafeBufferPointer<Float>) {
      let largest = values.reduce(0) { max($0, abs($1)) }
      signal = Self.sum(values) { $0 * $0 }
      var best: (scale: Float16, error: Float) = (1, .infinity)
      // What the largest weight may become: 7 keeps it whole whatever its sign, more lets it be clipped so that the
      // others get finer steps.
      for steps: Float in [7, 7.5, 8, 8.5, 9, 10] {
        let scale = Self.scale(largest / steps), width = Float(scale)
        let error = Self.sum(values) { value in
          let difference = value - (Self.shifted(value, width) - EvenRounding.shift) * width
          return difference * difference
        }
        if error < best.error { best = (scale, error) }
      }
      (scale, error) = best
    }

    /// Two's complement in four bits.
    func code(of value: Float) -> UInt8 {
      UInt8(truncatingIfNeeded: Self.shifted(value, Float(scale)).bitPattern) & 0xF
    }

    /// The code as a float, to which the shift that rounded it has been added.
    @inline(__always)
    private static func shifted(_ value: Float, _ width: Float) -> Float {
      min(max(value / width, -8), 7) + EvenRounding.shift
    }

    /// In four sums side by side, so that it runs on vectors.
    @inline(__always)
    private static func sum(_ values: UnsafeBufferPointer<Float>, _ term: (Float) -> Float) -> Float {
      var sums = SIMD4<Float>()
      for first in stride(from: 0, to: blockSize, by: 4) {
        for lane in 0..<4 { sums[lane] += term(values[first + lane]) }
      }
      return sums.sum()
    }

    /// float16 keeps a block at 4.5 bits a weight. What it cannot hold as a normal number is clipped.
    private static func scale(_ exact: Float) -> Float16 {
      if exact == 0 { return 1 }
      return Float16(min(max(exact, Float(Float16.leastNormalMagnitude)), Float(Float16.greatestFiniteMagnitude)))
    }
  }
}
