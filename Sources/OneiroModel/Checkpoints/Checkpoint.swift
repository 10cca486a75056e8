import OneiroGraph

/// What a checkpoint holds, whatever kind of file it is: tensors by name, and settings beside them.
public struct Checkpoint: Sendable {
  /// What messages call it: its path.
  public var source: String
  /// By the full names that the training program gave them ("model.diffusion_model.out.2.weight").
  public var tensors: [String: CheckpointTensor]
  /// What was stored beside the tensors, such as the training program's configuration.
  public var settings: CheckpointValue

  public init(
    source: String, tensors: [String: CheckpointTensor], settings: CheckpointValue = .dictionary([:])
  ) {
    self.source = source
    self.tensors = tensors
    self.settings = settings
  }
}

/// Data of a checkpoint that is no tensor. An object of a class of the training program is a dictionary of its
/// attributes.
public indirect enum CheckpointValue: Sendable, Equatable {
  case none
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case list([CheckpointValue])
  case dictionary([String: CheckpointValue])

  /// The entry of a dictionary; `nil` where there is none.
  public subscript(key: String) -> CheckpointValue? {
    if case .dictionary(let entries) = self { entries[key] } else { nil }
  }
}
