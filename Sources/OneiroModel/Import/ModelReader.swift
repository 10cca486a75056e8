import COnnx
import Glibc
import OneiroGraph

/// Reads ONNX files.
public enum ModelReader {
  /// The model in the file at `path`. External data is mapped, not read.
  /// - Throws: what is wrong with the file, or with one beside it that it names.
  public static func load(_ path: String) throws(GraphError) -> Model {
    try MappedFile(path).withBytes { (bytes) throws(GraphError) in
      try parse(bytes: bytes, name: path, folder: folder(of: path))
    }
  }

  /// The model that `bytes` are.
  /// - name: what errors call the bytes.
  /// - folder: where external data may lie; `nil` refuses it.
  public static func parse(bytes: UnsafeRawBufferPointer, name: String, folder: String? = nil) throws(GraphError)
    -> Model
  {
    do {
      let externalData = try folder.map { (folder) throws(GraphError) in try ExternalData(folder: folder) }
      let reader = MessageReader(externalData: externalData)
      var model = try withUnpackedMessage(bytes, name: name, onnx__model_proto__init) { (message) throws(GraphError) in
        try reader.model(message.pointee)
      }
      model.externalFiles = externalData?.paths ?? []
      try model.checkStructure()
      try OpsetAdapters.normalise(&model)
      model.graph.takeInWidening()
      return model
    } catch {
      throw error.located(in: name)
    }
  }

  public static func parse(bytes: [UInt8], name: String, folder: String? = nil) throws(GraphError) -> Model {
    try bytes.withUnsafeBufferPointer { (buffer) throws(GraphError) in
      try parse(bytes: UnsafeRawBufferPointer(buffer), name: name, folder: folder)
    }
  }

  /// The folder part of a path, "." when it has none.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
