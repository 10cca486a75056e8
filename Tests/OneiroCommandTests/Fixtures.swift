import Foundation
import OneiroGraph
import OneiroModel
import OneiroTestSupport

/// A folder of files for one test, which goes with it.
struct Fixtures {
  private let temporary: TemporaryFolder
  var folder: String { temporary.path }

  init() throws { temporary = try TemporaryFolder() }

  func path(_ name: String) -> String { temporary.file(name) }
  func write(_ bytes: [UInt8], to name: String) throws -> String { try temporary.write(bytes, to: name) }

  /// A model file of a graph in ONNX's text syntax.
  func model(_ graph: String, opset: Int = 23, name: String = "model.onnx") throws -> String {
    try write(ModelWriter.bytes(of: Self.parse(graph, opset: opset)), to: name)
  }

  static func parse(_ graph: String, opset: Int = 23) throws -> Model {
    try GraphText.parse("<ir_version: 10, opset_import: [\"\" : \(opset)]>\n\(graph)")
  }

  /// y = x + W, which is right in every way.
  static let sum = "sum (float[N,2] x) => (float[N,2] y) <float[2] W = {1.0, 2.0}> { [plus] y = Add (x, W) }"

  func sumModel() throws -> String { try model(Self.sum) }

  /// The same with W in `weights.bin`.
  func sumModelWithExternalData() throws -> String {
    try ModelWriter.write(Self.parse(Self.sum), to: path("model.onnx"), externalDataFile: "weights.bin", threshold: 0)
    return path("model.onnx")
  }

  func array(_ tensor: Tensor, name: String = "x.npy") throws -> String {
    try ArrayFile.write(.tensor(tensor), to: path(name), name: "x")
    return path(name)
  }
}

/// A C compiler, for plugins that are made to be refused.
enum Compiler {
  static let path: String? = ["/usr/bin/clang", "/usr/bin/cc", "/usr/bin/gcc"].first(
    where: FileManager.default.isExecutableFile)

  /// Makes a shared library of one C source, which may include the kernel ABI's header.
  static func library(_ source: String, in fixtures: Fixtures) throws -> String {
    let file = try fixtures.write(Array(source.utf8), to: "plugin.c")
    let library = fixtures.path("libplugin.so")
    let headers = Program.repository.appendingPathComponent("Sources/COneiroKernel/include").path
    let result = try Program.run(path!, ["-shared", "-fPIC", "-I", headers, file, "-o", library])
    guard result.status == 0 else {
      throw CocoaError(.executableLoad, userInfo: [NSLocalizedDescriptionKey: result.errors])
    }
    return library
  }
}
