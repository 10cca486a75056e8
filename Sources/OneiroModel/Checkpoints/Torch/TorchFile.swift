import OneiroGraph

/// A file of `torch.save`, in the zip container or the one before it (torch 1.5 and earlier, or by choice): a tree of
/// values whose tensors are read when they are asked for.
///
/// Nothing in the file is run. `PickleReader` says what it may hold.
public struct TorchFile: Sendable {
  public let path: String
  public let root: TorchValue

  /// The keys under which training programs store the tensors of a model, the most telling ones first.
  static let tensorDictionaries = ["state_dict", "model_state_dict", "model"]

  public init(contentsOf path: String) throws(GraphError) { try self.init(MappedFile(path)) }

  /// Whether the bytes begin as those of such a file do.
  public static func isTorchFile(_ bytes: UnsafeRawBufferPointer) -> Bool {
    ZipDirectory.isZip(bytes) || LegacyTorchFile.isLegacy(bytes)
  }

  init(_ file: MappedFile) throws(GraphError) {
    path = file.path
    root = try file.withBytes { (bytes) throws(GraphError) in
      if ZipDirectory.isZip(bytes) { return try TorchArchive.read(file) }
      if LegacyTorchFile.isLegacy(bytes) { return try LegacyTorchFile.read(file) }
      throw .mismatch(
        file: file.path, nil,
        expected: "a file of torch.save: a zip archive, or pickles that begin with torch's number",
        found: CheckpointKind.beginning(of: bytes))
    }
  }
}

extension Checkpoint {
  /// The tensors of a torch file, and its settings: those of the dictionary "state_dict", "model_state_dict" or
  /// "model", the first that has tensors, or of the whole file. Tensors of dictionaries in it are named with a dot
  /// between the keys. All that is no tensor is a setting; tensors in lists, and those beside the dictionary, are in
  /// `TorchFile` alone.
  public init(_ file: TorchFile) throws(GraphError) {
    guard case .dictionary(let top) = file.root else {
      throw .mismatch(
        file: file.path, nil, expected: "a dictionary of tensors", found: Self.describe(file.root),
        because: "a checkpoint holds its tensors by name")
    }
    let key = TorchFile.tensorDictionaries.first { key in
      if case .dictionary(let entries)? = top[key] { entries.hasTensors } else { false }
    }
    var tensors: [String: CheckpointTensor] = [:]
    try Self.collect(key.flatMap { top[$0] } ?? file.root, prefix: "", file: file.path, into: &tensors)
    self.init(source: file.path, tensors: tensors, settings: file.root.settingsIfAny ?? .dictionary([:]))
  }

  private static let longestName = 4096

  private static func collect(
    _ value: TorchValue, prefix: String, file: String, into tensors: inout [String: CheckpointTensor]
  ) throws(GraphError) {
    guard case .dictionary(let dictionary) = value else { return }
    for entry in dictionary.entries {
      let key = entry.key.keyText
      guard prefix.utf8.count + key.utf8.count <= longestName else {
        throw .invalid(file: file, "tensor \"\(prefix.prefix(80))…\"", "has a name of more than \(longestName) bytes")
      }
      let name = prefix + key
      if case .tensor(let tensor) = entry.value {
        guard tensors.updateValue(tensor, forKey: name) == nil else {
          throw .invalid(file: file, "tensor \"\(name)\"", "is there twice, under keys that make the same name")
        }
      } else {
        try collect(entry.value, prefix: name + ".", file: file, into: &tensors)
      }
    }
  }

  private static func describe(_ value: TorchValue) -> String {
    switch value {
    case .tensor(let tensor): "one tensor, \(tensor)"
    case .record(let record): "an instance of \(record.className)"
    case .list(let items), .tuple(let items), .set(let items): "\(items.count) values without names"
    default: "a value that is no container"
    }
  }
}

extension TorchDictionary {
  fileprivate var hasTensors: Bool {
    entries.contains { entry in
      switch entry.value {
      case .tensor: true
      case .dictionary(let inner): inner.hasTensors
      default: false
      }
    }
  }
}
