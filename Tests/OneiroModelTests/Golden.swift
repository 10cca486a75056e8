import OneiroGraph
import OneiroModel
import Testing

/// The recorded files that all tests share.
enum Golden {
  static func file(_ name: String, _ source: String = #filePath) -> String {
    source.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Golden/\(name)"
  }

  /// Requires that the tensors are those of a safetensors file: names, types, shapes, every byte.
  static func expect(
    _ found: [String: CheckpointTensor], equal name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try SafetensorsFile(contentsOf: file(name)).tensors
    #expect(found.keys.sorted() == expected.keys.sorted(), sourceLocation: sourceLocation)
    for (name, tensor) in expected {
      let other = try #require(found[name], sourceLocation: sourceLocation).read()
      // safetensors files of the golden set keep bools as bytes.
      let isSameType =
        other.elementType == tensor.elementType || other.elementType == .bool && tensor.elementType == .uint8
      #expect(
        isSameType && other.dims == tensor.dims && bytes(of: other) == bytes(of: tensor),
        "tensor \"\(name)\": expected \(tensor.elementType)\(tensor.dims), found \(other.elementType)\(other.dims)",
        sourceLocation: sourceLocation)
    }
  }
}
