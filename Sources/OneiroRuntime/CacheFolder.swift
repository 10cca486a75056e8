import Glibc

/// The folder for what can be made again: measured choices, packed weights. Whatever is in it may be deleted at any
/// time.
public enum CacheFolder {
  /// `$ONEIRO_CACHE`, or `oneiro` in the folder where programs keep what can be made again; `nil` when there is none.
  public static var standard: String? {
    let environment = { (name: String) in getenv(name).map { String(cString: $0) } }
    if let folder = environment("ONEIRO_CACHE") { return folder.isEmpty ? nil : folder }
    if let folder = environment("XDG_CACHE_HOME"), folder.hasPrefix("/") { return folder + "/oneiro" }
    return environment("HOME").flatMap { $0.hasPrefix("/") ? $0 + "/.cache/oneiro" : nil }
  }

  /// Makes it, with the folders around it.
  /// - Returns: whether something of that name is there now.
  static func make(_ path: String) -> Bool {
    if path.isEmpty || mkdir(path, 0o777) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/") else { return false }
    return make(String(path.prefix(upTo: slash))) && (mkdir(path, 0o777) == 0 || errno == EEXIST)
  }

  /// Names of the files in it that begin so, in no order.
  static func files(in path: String, prefix: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(prefix) { names.append(name) }
    }
    return names
  }
}
