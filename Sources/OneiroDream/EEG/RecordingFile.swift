import OneiroGraph
import OneiroModel

extension Recording {
  /// Reads a recording. Of a `.npy` file it is the array; of a `.npz` or `.safetensors` file see `init(_:source:)`.
  public init(contentsOf path: String) throws(DreamError) {
    try self.init(try ArrayFile.read(path, onlyArray: "eeg"), source: path)
  }
}

/// Files of named arrays, told apart by their endings.
enum ArrayFile {
  /// - onlyArray: what the one array of a `.npy` file is called.
  static func read(_ path: String, onlyArray: String) throws(DreamError) -> [String: Tensor] {
    do {
      if path.hasSuffix(".npy") { return [onlyArray: try NpyFile.read(path)] }
      if path.hasSuffix(".npz") { return try NpzFile.read(path) }
      if path.hasSuffix(".safetensors") { return try SafetensorsFile(contentsOf: path).tensors }
    } catch {
      throw .graph(error)
    }
    throw .mismatch(at: path, expected: "a name that ends in .npy, .npz or .safetensors", found: "another ending")
  }
}
