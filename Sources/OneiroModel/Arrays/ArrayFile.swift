import OneiroGraph

/// A value in a file, of the kind that the file's name says: `.npy`, `.npz`, `.safetensors`, `.pb`.
public enum ArrayFile {
  /// Of files that `readAll` reads.
  public static let endings = [".npy", ".npz", ".safetensors"]

  /// - path: a file; `FILE.npz:name` and `FILE.safetensors:name` pick one of several arrays.
  /// - type: the type that is wanted, for `.pb` files, which do not say what they hold.
  public static func read(_ path: String, as type: ValueType? = nil) throws(GraphError) -> Value {
    let (file, member) = split(path)
    switch fileExtension(file) {
    case "npy": return .tensor(try NpyFile.read(file))
    case "npz": return .tensor(try pick(member, from: try NpzFile.read(file), file))
    case "safetensors": return .tensor(try pick(member, from: try SafetensorsFile(contentsOf: file).tensors, file))
    case "pb": return try ValueFile.read(file, as: type)
    default: throw unknown(file)
    }
  }

  /// Every array of a file by name.
  /// - onlyArray: what the one array of a `.npy` file is called.
  public static func readAll(_ path: String, onlyArray: String) throws(GraphError) -> [String: Tensor] {
    switch fileExtension(path) {
    case "npy": return [onlyArray: try NpyFile.read(path)]
    case "npz": return try NpzFile.read(path)
    case "safetensors": return try SafetensorsFile(contentsOf: path).tensors
    default:
      throw .mismatch(
        file: path, "kind of file", expected: "one of .npy, .npz, .safetensors", found: ending(path))
    }
  }

  public static func write(_ value: Value, to path: String, name: String) throws(GraphError) {
    try finished(value, at: path, name: name).commit()
  }

  /// A file with the value, which has no name yet.
  package static func finished(_ value: Value, at path: String, name: String) throws(GraphError) -> FinishedFile {
    switch fileExtension(path) {
    case "pb": try FinishedFile(.holding(ValueFile.bytes(of: value, name: name), at: path))
    case "npy": try FinishedFile(.holding(NpyFile.bytes(of: tensor(value, path)), at: path))
    case "safetensors": try SafetensorsFile(tensors: [name: tensor(value, path)]).finished(at: path)
    default: throw unknown(path)
    }
  }

  private static func tensor(_ value: Value, _ path: String) throws(GraphError) -> Tensor {
    guard let tensor = value.tensor else {
      throw .mismatch(
        file: path, nil, expected: "a tensor", found: "\(value.type)", because: "only .pb files hold other values")
    }
    return tensor
  }

  private static func pick(_ member: String?, from arrays: [String: Tensor], _ file: String) throws(GraphError)
    -> Tensor
  {
    if let member, let tensor = arrays[member] { return tensor }
    if member == nil, arrays.count == 1, let only = arrays.values.first { return only }
    let names = arrays.keys.sorted().joined(separator: ", ")
    throw .mismatch(
      file: file, member.map { "array \"\($0)\"" }, expected: "FILE:NAME with one of \(names)",
      found: member ?? "no name")
  }

  /// The file that `FILE:NAME` or `FILE` is in.
  public static func file(of path: String) -> String { split(path).file }

  private static func split(_ path: String) -> (file: String, member: String?) {
    for suffix in [".npz:", ".safetensors:"] {
      let parts = path.split(separator: suffix, maxSplits: 1).map(String.init)
      if parts.count == 2, path.contains(suffix) { return (parts[0] + suffix.dropLast(), parts[1]) }
    }
    return (path, nil)
  }

  private static func fileExtension(_ path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.lastIndex(of: ".").map { file[$0...].dropFirst().lowercased() } ?? ""
  }

  /// For errors.
  private static func ending(_ path: String) -> String {
    let ending = fileExtension(path)
    return ending.isEmpty ? "a name without an ending" : ".\(ending)"
  }

  private static func unknown(_ path: String) -> GraphError {
    .mismatch(
      file: path, "kind of file", expected: "one of .npy, .npz, .safetensors, .pb", found: ending(path))
  }
}
