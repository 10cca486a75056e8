import OneiroGraph

/// The shapes of a checkpoint's tensors, off which an architecture reads its configuration.
public struct CheckpointShapes {
  private let tensors: [String: CheckpointTensor]
  private let prefix: String

  /// - prefix: what the names begin with; left out in what follows.
  public init(_ tensors: [String: CheckpointTensor], prefix: String) {
    self.tensors = tensors
    self.prefix = prefix
  }

  func has(_ name: String) -> Bool { tensors[prefix + name] != nil }

  /// The shape of a tensor; `nil` where there is none of that rank with at least one element.
  func dims(_ name: String, rank: Int) -> [Int]? {
    guard let dims = tensors[prefix + name]?.dims, dims.count == rank, !dims.contains(0) else { return nil }
    return dims
  }

  /// How many of the numbers 0, 1, 2, ... have a tensor of the name that `name` makes of them.
  func count(_ name: (Int) -> String) -> Int {
    var number = 0
    while has(name(number)) { number += 1 }
    return number
  }
}
