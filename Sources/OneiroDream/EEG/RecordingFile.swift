import OneiroGraph
import OneiroModel

extension Recording {
  /// Reads a recording. Of a `.npy` file it is the array; of a `.npz` or `.safetensors` file see `init(_:source:)`.
  public init(contentsOf path: String) throws(DreamError) {
    let arrays: [String: Tensor]
    do throws(GraphError) { arrays = try ArrayFile.readAll(path, onlyArray: "eeg") } catch { throw .graph(error) }
    try self.init(arrays, source: path)
  }
}
