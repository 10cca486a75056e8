import Glibc
import OneiroGraph
import OneiroModel

/// One of ONNX's backend tests: a folder with `model.onnx` and `test_data_set_*/{input,output}_i.pb`.
public struct ConformanceCase: Sendable {
  public let folder: String
  public var name: String { String(folder.split(separator: "/").last ?? "") }

  /// Every case in the trees below `folders`, in alphabetical order.
  /// - Throws: when a folder cannot be read, or holds no case at all.
  public static func find(in folders: [String]) throws(GraphError) -> [ConformanceCase] {
    var cases: [ConformanceCase] = []
    for folder in folders {
      let found = try search(folder, depth: 0)
      guard !found.isEmpty else {
        throw .mismatch(file: folder, nil, expected: "folders with a model.onnx", found: "none")
      }
      cases += found
    }
    return cases
  }

  private static func search(_ folder: String, depth: Int) throws(GraphError) -> [ConformanceCase] {
    if access(folder + "/model.onnx", R_OK) == 0 { return [ConformanceCase(folder: folder)] }
    guard depth < 16 else { return [] }
    var cases: [ConformanceCase] = []
    for entry in try entries(of: folder) where isFolder(folder + "/" + entry) {
      cases += try search(folder + "/" + entry, depth: depth + 1)
    }
    return cases
  }

  /// The data sets: for each, the files of the inputs and of the outputs in order.
  func dataSets() throws(GraphError) -> [(inputs: [String], outputs: [String])] {
    try Self.entries(of: folder).filter { $0.hasPrefix("test_data_set_") }.map { (set) throws(GraphError) in
      let files = Set(try Self.entries(of: folder + "/" + set))
      let numbered = { (prefix: String) in
        Array((0...).lazy.map { "\(prefix)_\($0).pb" }.prefix { files.contains($0) }).map {
          folder + "/" + set + "/" + $0
        }
      }
      return (numbered("input"), numbered("output"))
    }
  }

  private static func entries(of folder: String) throws(GraphError) -> [String] {
    guard let directory = opendir(folder) else { throw .invalid(file: folder, nil, String(cString: strerror(errno))) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
