import OneiroGraph

/// What one initializer is written as. Layers that share it share its form.
enum WeightForm: Equatable {
  case half
  case channels(axis: Int)
  case blocks(axis: Int)

  /// The form that a layer asks for.
  init?(_ choice: LayerChoice) {
    switch choice.scheme {
    case .f32: return nil
    case .f16: self = .half
    case .w8, .w8a8, .w8a8Dynamic: self = .channels(axis: choice.layer.channelAxis)
    case .w4: self = .blocks(axis: choice.layer.reducedAxis)
    }
  }

  /// Bytes of a weight in this form, its scales included.
  func byteCount(dims: [Int]) -> Int {
    let count = dims.reduce(1, *)
    switch self {
    case .half: return 2 * count
    case .channels(let axis): return count + MemoryLayout<Float>.size * dims[axis]
    case .blocks(let axis):
      let size = BlockQuantization.blockSize, blocks = (dims[axis] + size - 1) / size
      return (count + 1) / 2 + MemoryLayout<Float16>.size * (count / max(dims[axis], 1) * blocks)
    }
  }

  /// The form of each initializer: that of the first layer that reads it.
  static func all(_ choices: [LayerChoice]) -> [String: WeightForm] {
    var forms: [String: WeightForm] = [:]
    for choice in choices where forms[choice.layer.weight] == nil { forms[choice.layer.weight] = WeightForm(choice) }
    return forms
  }
}
