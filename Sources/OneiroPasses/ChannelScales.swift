import OneiroGraph
import OneiroOps

/// Scales and zero points of weights, one for all of them or one for each channel.
extension Tensor {
  /// A constant that broadcasts along channels alone, as a tensor of rank 1, or one number; `nil` when it is neither.
  /// - trailing: axes behind that of the channels.
  func alongChannels(_ channels: Int, trailing: Int) -> Tensor? {
    if count == 1 { return reshaped([]) }
    guard count == channels, rank > trailing, dims[rank - 1 - trailing] == channels else { return nil }
    return reshaped([channels])
  }
}

extension GraphPatch {
  /// A DequantizeLinear of `weights`, which wants as many zero points as scales.
  mutating func addDequantization(
    of weights: String, _ scale: Tensor, _ zeroPoint: Tensor?, axis: Int, _ output: String, like node: Node
  ) {
    let shape = [scale, zeroPoint ?? scale].max { $0.count < $1.count }!.dims
    addInitializer("\(output)_scale", scale.broadcast(to: shape))
    var inputs = [weights, "\(output)_scale"]
    if let zeroPoint {
      addInitializer("\(output)_zero_point", zeroPoint.broadcast(to: shape))
      inputs.append("\(output)_zero_point")
    }
    add(
      Node(
        "DequantizeLinear", inputs: inputs, outputs: [output], attributes: ["axis": .int(Int64(axis))],
        metadata: node.metadata))
  }
}
