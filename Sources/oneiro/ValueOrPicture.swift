import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroPicture

/// Values for a graph's inputs and outputs: files of arrays, or pictures.
enum ValueOrPicture {
  /// A `.png` becomes float32 [1,3,H,W] in -1 ... 1; for other files see `ArrayFile`. Numbers of 64 bits, which NumPy makes
  /// unless it is told otherwise, are rounded for an input of narrower ones, with a word in the log.
  static func read(_ path: String, as type: ValueType?) throws -> Value {
    if path.lowercased().hasSuffix(".png") { return .tensor(try PNG.read(path).tensor) }
    let value = try ArrayFile.read(path, as: type)
    guard case .tensor(let tensor) = value, tensor.elementType == .float64, let wanted = type?.tensorType?.elementType,
      [.float32, .float16, .bfloat16].contains(wanted)
    else { return value }
    let exact = tensor.doubles(), rounded = Tensor(wanted, doubles: exact, dims: tensor.dims), found = rounded.doubles()
    if let place = exact.indices.first(where: { exact[$0].isFinite && !found[$0].isFinite }) {
      throw GraphError.mismatch(
        file: path, "element \(place)", expected: "a number that \(wanted.name) holds", found: "\(exact[place])")
    }
    Log.shared.warning("\(path): \(tensor.elementType.name) is rounded to \(wanted.name), which the input takes")
    return .tensor(rounded)
  }

  /// A file that has no name yet: a `.png` of what is one picture, [3,H,W] or [1,3,H,W]; for others see `ArrayFile`.
  static func finished(_ value: Value, at path: String, name: String) throws -> FinishedFile {
    guard path.lowercased().hasSuffix(".png") else { return try ArrayFile.finished(value, at: path, name: name) }
    guard let tensor = value.tensor, let picture = try Picture.pictures(tensor).first,
      tensor.rank == 3 || tensor.dims[0] == 1
    else {
      throw GraphError.mismatch(
        file: path, "output \"\(name)\"", expected: "one picture, float[3,H,W] or float[1,3,H,W]",
        found: "\(value.type)")
    }
    return try FinishedFile(.holding(PNG.encode(picture), at: path))
  }
}
