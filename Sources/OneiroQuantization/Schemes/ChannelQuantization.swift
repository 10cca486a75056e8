import OneiroGraph
import OneiroOps

/// int8 with a scale for each channel, symmetric: `w = scale[channel] * q`, q in -127 ... 127, so that the largest
/// weight of a channel is exact and no product of two can overflow what kernels expect.
public enum ChannelQuantization {
  /// - tensor: float32.
  /// - axis: where the channels are.
  /// - name: for errors.
  /// - Throws: when a weight is not finite.
  public static func quantize(_ tensor: Tensor, axis: Int, name: String) throws(GraphError) -> QuantizedWeight {
    let tensor = try QuantizedWeight.checked(tensor, name: name)
    let split = AxisSplit(tensor.dims, axis: axis)
    return tensor.withElements(of: Float.self) { weights in
      let scales = largest(weights, split).map(scale)
      var noise = QuantizationNoise()
      let elements = Tensor(Int8.self, dims: tensor.dims) { memory in
        noise = round(weights, split, scales, into: memory)
      }
      return QuantizedWeight(
        elements: elements, scales: Tensor(scales, dims: [split.length]), axis: axis, blockSize: 0, noise: noise)
    }
  }

  /// A channel of zeros has scale 1, and one of denormals the smallest normal number: no reader divides by zero.
  private static func scale(_ largest: Float) -> Float {
    largest == 0 ? 1 : max(largest / 127, .leastNormalMagnitude)
  }

  /// The largest magnitude of each channel.
  private static func largest(_ weights: UnsafeBufferPointer<Float>, _ split: AxisSplit) -> [Float] {
    var largest = [Float](repeating: 0, count: split.length)
    forEachRow(split) { start, channel in
      guard let channel else {
        for index in largest.indices { largest[index] = max(largest[index], abs(weights[start + index])) }
        return
      }
      // Magnitudes are ordered like their bits, and whole numbers may be compared in any order, so on vectors.
      var bits: Int32 = 0
      for index in start..<start + split.inner {
        bits = max(bits, Int32(truncatingIfNeeded: weights[index].bitPattern & 0x7FFF_FFFF))
      }
      largest[channel] = max(largest[channel], Float(bitPattern: UInt32(bits)))
    }
    return largest
  }

  private static func round(
    _ weights: UnsafeBufferPointer<Float>, _ split: AxisSplit, _ scales: [Float],
    into memory: UnsafeMutableBufferPointer<Int8>
  ) -> QuantizationNoise {
    var signal = 0.0, noise = 0.0
    func round(_ index: Int, _ scale: Float) {
      let weight = weights[index], shifted = weight / scale + EvenRounding.shift
      memory[index] = Int8(truncatingIfNeeded: shifted.bitPattern)
      // In Double, as squares of float32 may be zero or infinite.
      let exact = Double(weight), error = Double(weight - (shifted - EvenRounding.shift) * scale)
      signal += exact * exact
      noise += error * error
    }
    forEachRow(split) { start, channel in
      if let channel {
        let scale = scales[channel]
        for index in start..<start + split.inner { round(index, scale) }
      } else {
        for index in scales.indices { round(start + index, scales[index]) }
      }
    }
    var result = QuantizationNoise()
    result.add(signal: signal, noise: noise)
    return result
  }

  /// Runs of neighbours: those of one channel, or, where the channels are the last axis, one element of each (`nil`).
  private static func forEachRow(_ split: AxisSplit, _ body: (_ start: Int, _ channel: Int?) -> Void) {
    if split.inner == 1 {
      for block in 0..<split.outer { body(block * split.length, nil) }
    } else {
      for row in 0..<split.outer * split.length { body(row * split.inner, row % split.length) }
    }
  }
}
