import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroPicture

/// Values for a graph's inputs and outputs: files of arrays, or pictures.
enum ValueOrPicture {
  /// A `.png` becomes float32 [1,3,H,W] in -1 ... 1; for other files see `ArrayFile`.
  static func read(_ path: String, as type: ValueType?) throws -> Value {
    path.lowercased().hasSuffix(".png") ? .tensor(try PNG.read(path).tensor) : try ArrayFile.read(path, as: type)
  }

  /// Writes to a `.png` what is one picture, [3,H,W] or [1,3,H,W]; to other files any tensor.
  static func write(_ value: Value, to path: String, name: String) throws {
    guard path.lowercased().hasSuffix(".png") else { return try ArrayFile.write(value, to: path, name: name) }
    guard let tensor = value.tensor, let picture = try Picture.pictures(tensor).first,
      tensor.rank == 3 || tensor.dims[0] == 1
    else {
      throw GraphError.mismatch(
        file: path, "output \"\(name)\"", expected: "one picture, float[3,H,W] or float[1,3,H,W]",
        found: "\(value.type)")
    }
    try PNG.write(picture, to: path)
  }
}
