import OneiroGraph

/// Mean and variance of the groups of a normalization, gathered band by band over a whole picture.
struct GroupStatistics {
  /// Of one image and group.
  private struct Moments {
    var count = 0.0, mean = 0.0
    /// Sum of the squares of the distances from the mean.
    var squares = 0.0

    /// Chan, Golub and LeVeque, 1979: no sum of squares of the values themselves, which would cancel.
    mutating func merge(_ other: Moments) {
      guard other.count > 0 else { return }
      let sum = count + other.count, distance = other.mean - mean
      squares += other.squares + distance * distance * count * other.count / sum
      mean += distance * other.count / sum
      count = sum
    }
  }

  private let normalization: BandedNormalization
  private var moments: [Moments]

  init(_ normalization: BandedNormalization) {
    self.normalization = normalization
    moments = [Moments](repeating: Moments(), count: normalization.images * normalization.groups)
  }

  /// The image and group that a plane belongs to: planes go by image, then by channel.
  private func group(of plane: Int) -> Int { plane / (normalization.scale.count / normalization.groups) }

  /// Takes in some rows of a plane.
  mutating func add(_ values: UnsafeBufferPointer<Float>, plane: Int) {
    moments[group(of: plane)].merge(Self.moments(of: values))
  }

  /// Writes a number for each plane.
  func finish(
    mean: UnsafeMutableBufferPointer<Float>, variance: UnsafeMutableBufferPointer<Float>,
    bias: UnsafeMutableBufferPointer<Float>
  ) {
    for plane in mean.indices {
      let found = moments[group(of: plane)], channel = plane % normalization.scale.count
      mean[plane] = Float(found.mean)
      variance[plane] = Float(found.squares / max(found.count, 1))
      let factor = Double(normalization.scale[channel]) / (Double(variance[plane]) + normalization.epsilon).squareRoot()
      bias[plane] = Float(Double(normalization.shift[channel]) - (found.mean - Double(mean[plane])) * factor)
    }
  }

  private static func moments(of values: UnsafeBufferPointer<Float>) -> Moments {
    let count = Double(values.count)
    let mean = sum(values) { $0 } / max(count, 1)
    return Moments(count: count, mean: mean, squares: sum(values) { ($0 - mean) * ($0 - mean) })
  }

  @inline(__always)
  private static func sum(_ values: UnsafeBufferPointer<Float>, _ term: (SIMD8<Double>) -> SIMD8<Double>) -> Double {
    guard let base = values.baseAddress.map(UnsafeRawPointer.init) else { return 0 }
    var sums = SIMD8<Double>()
    let whole = values.count / 8 * 8
    for index in stride(from: 0, to: whole, by: 8) {
      sums += term(SIMD8<Double>((base + index * 4).loadUnaligned(as: SIMD8<Float>.self)))
    }
    var total = sums.sum()
    for index in whole..<values.count { total += term(SIMD8(repeating: Double(values[index])))[0] }
    return total
  }
}
