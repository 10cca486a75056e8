import OneiroGraph
import OneiroModel

/// The recorded values beside this file; `Golden/README.md` says where they come from.
enum Golden {
  static func load(_ name: String) throws -> [String: Tensor] {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return try SafetensorsFile(contentsOf: "/\(folder)/Golden/\(name).safetensors").tensors
  }
}
