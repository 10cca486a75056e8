import OneiroGraph

/// Mean and variance of the groups of a normalization, gathered band by band over a whole picture.
///
/// To the last bit what Vector's normalizations take of the whole (`moments_of` in `normalization_channels.c`), so that
/// a quantization behind them rounds every value alike: an element's difference to the pivot of its group, in float,
/// goes to one of 16 sums of its plane in turn, the sums of the planes are added in their order, then the 16. The pivot
/// is the mean of the group's first 16 elements, or of its first row where that is shorter.
struct GroupStatistics {
  /// Of one plane, and what was added by now.
  private struct Sums {
    var count = 0
    var differences = SIMD16<Double>(), squares = SIMD16<Double>()
  }

  private let normalization: BandedNormalization
  private var sums: [Sums]
  /// For each image and group.
  private var pivots: [Float]

  init(_ normalization: BandedNormalization) {
    self.normalization = normalization
    sums = [Sums](repeating: Sums(), count: normalization.images * normalization.scale.count)
    pivots = [Float](repeating: 0, count: normalization.images * normalization.groups)
  }

  private var planesOfGroup: Int { normalization.scale.count / normalization.groups }

  /// Takes in some rows of a plane, the next ones; of the planes, which go by image, then by channel, a group's first
  /// is the first of it to get any.
  mutating func add(_ values: UnsafeBufferPointer<Float>, plane: Int) {
    let group = plane / planesOfGroup
    if plane % planesOfGroup == 0, sums[plane].count == 0 {
      let beginning = values.prefix(min(normalization.width, 16))
      pivots[group] = Float(beginning.reduce(0.0) { $0 + Double($1) } / Double(max(beginning.count, 1)))
    }
    Self.add(values, around: pivots[group], to: &sums[plane])
  }

  private static func add(_ values: UnsafeBufferPointer<Float>, around pivot: Float, to sums: inout Sums) {
    guard let base = values.baseAddress.map(UnsafeRawPointer.init) else { return }
    func addOne(_ index: Int, to sums: inout Sums) {
      let difference = Double(values[index] - pivot), lane = (sums.count + index) % 16
      sums.differences[lane] += difference
      sums.squares[lane] += difference * difference
    }
    var index = 0
    while index < values.count, (sums.count + index) % 16 != 0 {
      addOne(index, to: &sums)
      index += 1
    }
    var (differences, squares) = (sums.differences, sums.squares)
    while index + 16 <= values.count {
      let part = (base + index * MemoryLayout<Float>.size).loadUnaligned(as: SIMD16<Float>.self)
      let difference = SIMD16<Double>(part - pivot)
      differences += difference
      squares += difference * difference
      index += 16
    }
    (sums.differences, sums.squares) = (differences, squares)
    while index < values.count {
      addOne(index, to: &sums)
      index += 1
    }
    sums.count += values.count
  }

  /// Writes a number for each plane.
  func finish(
    mean: UnsafeMutableBufferPointer<Float>, variance: UnsafeMutableBufferPointer<Float>,
    bias: UnsafeMutableBufferPointer<Float>
  ) {
    for group in pivots.indices {
      let planes = group * planesOfGroup..<(group + 1) * planesOfGroup
      let found = moments(of: planes, around: Double(pivots[group]))
      for plane in planes {
        let channel = plane % normalization.scale.count
        mean[plane] = Float(found.mean)
        variance[plane] = Float(found.variance)
        let deviation = (Double(variance[plane]) + normalization.epsilon).squareRoot()
        let factor = Float(1 / deviation) * normalization.scale[channel]
        let rest = found.mean - Double(mean[plane])
        bias[plane] = Float(Double(normalization.shift[channel]) - rest * Double(factor))
      }
    }
  }

  private func moments(of planes: Range<Int>, around pivot: Double) -> (mean: Double, variance: Double) {
    var differences = SIMD16<Double>(), squares = SIMD16<Double>(), count = 0
    for plane in planes {
      differences += sums[plane].differences
      squares += sums[plane].squares
      count += sums[plane].count
    }
    func sum(_ lanes: SIMD16<Double>) -> Double { lanes.indices.reduce(0.0) { $0 + lanes[$1] } }
    let length = Double(max(count, 1)), distance = sum(differences) / length
    let variance = sum(squares) / length - distance * distance
    return (pivot + distance, variance < 0 ? 0 : variance)
  }
}
