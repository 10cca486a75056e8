import Foundation
import OneiroGraph

/// Position tables of the EEG encoder.
enum PositionTable {
  /// [1, rows, width]: row 0 is zero, the class token's place; row 1 + n has sin(n w_k) in its first half and cos(n
  /// w_k) in its second, w_k = 10000^(-k / (width / 2)), worked out in Double.
  static func sinusoidal(rows: Int, width: Int) -> Tensor {
    let half = width / 2
    let frequencies = (0..<half).map { 1 / pow(10000, Double($0) / Double(half)) }
    var values = [Float](repeating: 0, count: width)
    values.reserveCapacity(rows * width)
    for position in 0..<max(rows - 1, 0) {
      values += frequencies.map { Float(sin(Double(position) * $0)) }
      values += frequencies.map { Float(cos(Double(position) * $0)) }
    }
    return Tensor(values, dims: [1, rows, width])
  }

  /// The rows of another table for `patches` patches, as fine-tuning takes them over from pre-training: row 0 is kept,
  /// patch j gets the row of patch floor(j * old / new).
  /// - table: [1, 1 + old, width].
  static func resampled(_ table: CheckpointTensor, patches: Int) -> CheckpointTensor {
    let old = table.dims[1] - 1
    guard old != patches else { return table }
    return table.rows([0] + (0..<patches).map { 1 + $0 * old / patches }, axis: 1)
  }
}
