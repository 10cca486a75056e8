import Foundation
import OneiroGraph

extension Checkpoint {
  /// Reads a checkpoint: a safetensors file, the index of several, or a file of torch.save. The content tells which.
  ///
  /// Files are mapped, and a tensor's elements are read when it is asked for. All that can be wrong with a file is
  /// found here: the tensors are there when this returns.
  public static func read(_ path: String) throws(GraphError) -> Checkpoint {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw folder(path)
    }
    let file = try MappedFile(path)
    let kind = try file.withBytes { (bytes) throws(GraphError) in
      guard let kind = CheckpointKind(bytes, path: path) else {
        throw .mismatch(
          file: path, nil, expected: CheckpointKind.expected, found: CheckpointKind.beginning(of: bytes))
      }
      return kind
    }
    switch kind {
    case .torch: return try Checkpoint(TorchFile(file))
    case .safetensors: return try Checkpoint(SafetensorsHeader(file), of: file)
    case .safetensorsIndex: return try ShardedSafetensors.read(file)
    }
  }

  /// The error for a folder, which names a file in it that could have been meant.
  private static func folder(_ path: String) -> GraphError {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    let endings = [".safetensors.index.json", ".safetensors", ".ckpt", ".pth", ".pt", ".bin"]
    let candidate = endings.lazy.compactMap { ending in names.first { $0.hasSuffix(ending) } }.first
    return .mismatch(
      file: path, nil, expected: CheckpointKind.expected,
      found: "a folder" + (candidate.map { "; it holds \"\($0)\"" } ?? ""))
  }
}

extension Checkpoint {
  init(_ header: SafetensorsHeader, of file: MappedFile) {
    var tensors: [String: CheckpointTensor] = [:]
    for entry in header.entries {
      tensors[entry.name] = CheckpointTensor(entry.elementType, dims: entry.dims) { entry.tensor(of: file) }
    }
    self.init(
      source: file.path, tensors: tensors,
      settings: .dictionary(header.metadata.mapValues { .string($0) }))
  }
}
