import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroPicture

/// The recorded values beside this file; `Golden/README.md` says where they come from.
enum Golden {
  static func load(_ name: String) throws -> [String: Tensor] {
    try SafetensorsFile(contentsOf: path("\(name).safetensors")).tensors
  }

  static func data(_ file: String) throws -> Data { try Data(contentsOf: URL(filePath: path(file))) }

  private static func path(_ file: String) -> String {
    "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Golden/\(file)"
  }

  static func pictures(_ images: Tensor) -> [Picture] {
    let pixels = images.elements(of: UInt8.self), size = images.dims[1] * images.dims[2] * 3
    return (0..<images.dims[0]).map { index in
      Picture(width: images.dims[2], height: images.dims[1], pixels: Array(pixels[index * size..<(index + 1) * size]))
    }
  }
}
