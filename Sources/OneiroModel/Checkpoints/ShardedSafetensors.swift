import Foundation
import OneiroGraph

/// Several safetensors files and the index that says which tensor is in which:
///
///     {"metadata": {"total_size": 123}, "weight_map": {"a.weight": "model-00001-of-00002.safetensors", …}}
enum ShardedSafetensors {
  private struct Index: Decodable {
    let weightMap: [String: String]

    enum CodingKeys: String, CodingKey {
      case weightMap = "weight_map"
    }
  }

  /// The tensors that the index names, each from its shard. What a shard holds besides is left out.
  static func read(_ file: MappedFile) throws(GraphError) -> Checkpoint {
    let path = file.path
    let index = try file.withBytes { (bytes) throws(GraphError) in
      try JSONText.decode(Index.self, bytes, file: path, subject: "safetensors index")
    }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var tensors: [String: CheckpointTensor] = [:]
    for (shard, names) in Dictionary(grouping: index.weightMap.keys.sorted(), by: { index.weightMap[$0]! }) {
      let subject = "tensor \"\(names[0])\" of the index"
      // Shards lie beside the index. A link among them may lead elsewhere: download caches keep files that way.
      guard !shard.isEmpty, shard != ".", shard != "..", !shard.utf8.contains(where: { $0 == 0x2F || $0 == 0 }) else {
        throw .mismatch(
          file: path, subject, expected: "the name of a shard beside the index, without a folder",
          found: "\"\(shard.prefix(200))\"")
      }
      guard access(folder + shard, F_OK) == 0 else {
        throw .mismatch(
          file: path, subject, expected: "shard \"\(shard)\" beside the index", found: "no such file",
          because: "\(names.count) tensors are in it")
      }
      let part = try MappedFile(folder + shard)
      let entries = try SafetensorsHeader(part).entries
      let byName = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
      for name in names {
        guard let entry = byName[name] else {
          throw .mismatch(
            file: path, "tensor \"\(name)\" of the index", expected: "a tensor of this name in shard \"\(shard)\"",
            found: "\(entries.count) others")
        }
        tensors[name] = CheckpointTensor(entry.elementType, dims: entry.dims) { entry.tensor(of: part) }
      }
    }
    return Checkpoint(source: path, tensors: tensors)
  }
}
