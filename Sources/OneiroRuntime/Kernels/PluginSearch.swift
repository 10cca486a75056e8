import Glibc

/// Where kernel plugins are looked for: next to the executable, in ../lib/oneiro, and in ONEIRO_PLUGIN_PATH (first).
public enum PluginSearch {
  /// Folders in the order they are searched.
  public static var folders: [String] {
    var folders = getenv("ONEIRO_PLUGIN_PATH").map { String(cString: $0).split(separator: ":").map(String.init) } ?? []
    if let executable = executableFolder { folders += [executable, executable + "/../lib/oneiro"] }
    return folders
  }

  /// The plugin that a backend's name stands for; `nil` when there is none.
  static func find(_ name: String) -> String? {
    for folder in folders {
      for file in pluginFiles(in: folder) where KernelPlugin.name(of: file) == name { return file }
    }
    return nil
  }

  /// The file that `--backend` means.
  /// - name: a backend's name, or a path.
  public static func path(of name: String) throws(RunError) -> String {
    // A name without a slash would be looked for where the system keeps its libraries.
    if isPath(name) { return name.contains("/") ? name : "./" + name }
    if let path = find(name) { return path }
    let known = backends.joined(separator: ", ")
    throw .plugin(file: name, reason: "no such backend; found \(known), looked in \(folders.joined(separator: ", "))")
  }

  /// Whether it names a file, and no backend.
  public static func isPath(_ name: String) -> Bool { name.contains("/") || name.hasSuffix(".so") }

  /// The names that `--backend` knows here.
  public static var backends: [String] { all.map(KernelPlugin.name) + [ReferenceKernel.sourceName] }

  /// The name that `--backend` takes for a file: "onednn" for libOneiroOneDNN.so.
  public static func name(of path: String) -> String { KernelPlugin.name(of: path) }

  /// Every plugin that can be found, the first of each name.
  public static var all: [String] {
    var names: Set<String> = []
    return folders.flatMap(pluginFiles).filter { names.insert(KernelPlugin.name(of: $0)).inserted }
  }

  private static func pluginFiles(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var files: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix("libOneiro") && name.hasSuffix(".so") { files.append(folder + "/" + name) }
    }
    return files.sorted()
  }

  private static var executableFolder: String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = buffer.withUnsafeMutableBytes {
      readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard length > 0, let slash = buffer[..<length].lastIndex(of: UInt8(ascii: "/")) else { return nil }
    return String(decoding: buffer[..<slash], as: UTF8.self)
  }
}
