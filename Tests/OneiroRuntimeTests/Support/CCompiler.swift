import Foundation

/// Builds small shared libraries, as somebody else's kernel plugin would be.
enum CCompiler {
  /// The first C compiler on the PATH; `nil` when there is none, and the tests that need one are skipped.
  static let path: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
    return ["cc", "clang", "gcc"].lazy.flatMap { name in folders.map { "\($0)/\(name)" } }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  private static let headers =
    "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/Sources/COneiroKernel/include"

  struct Failure: Error, CustomStringConvertible { let description: String }

  /// What this process has built stays until it ends: a loaded library must not go away.
  private static let libraries: URL = {
    atexit { try? FileManager.default.removeItem(at: CCompiler.libraries) }
    return FileManager.default.temporaryDirectory.appendingPathComponent("oneiro-tests-\(UUID().uuidString)")
  }()

  /// - Returns: the path of `name`.so in a folder of its own.
  static func build(_ name: String, _ source: String) throws -> String {
    guard let path else { throw Failure(description: "no C compiler on the PATH") }
    let folder = libraries.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appendingPathComponent(name + ".c"), library = folder.appendingPathComponent(name + ".so").path
    try source.write(to: file, atomically: true, encoding: .utf8)
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: path)
    compiler.arguments = ["-shared", "-fPIC", "-O1", "-I", headers, "-o", library, file.path]
    try compiler.run()
    compiler.waitUntilExit()
    guard compiler.terminationStatus == 0 else { throw Failure(description: "\(path) failed on \(name).c") }
    return library
  }
}
