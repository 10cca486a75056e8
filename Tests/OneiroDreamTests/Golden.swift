import Foundation
import OneiroGraph
import OneiroModel

/// The recorded values beside this file; `Golden/README.md` says where they come from.
enum Golden {
  static func load(_ name: String) throws -> [String: Tensor] {
    try SafetensorsFile(contentsOf: path("\(name).safetensors")).tensors
  }

  static func data(_ file: String) throws -> Data { try Data(contentsOf: URL(filePath: path(file))) }

  private static func path(_ file: String) -> String {
    "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Golden/\(file)"
  }
}
