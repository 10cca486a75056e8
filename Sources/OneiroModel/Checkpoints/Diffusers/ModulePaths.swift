/// The modules of a network, read off the names of its tensors: "down_blocks.0.resnets.1" is one if a name begins so.
struct ModulePaths {
  private var paths: Set<Substring> = []
  /// Deeper modules are never asked for, and names of files that mean harm are not cut into endless pieces.
  private static let depth = 5

  init(_ names: some Sequence<String>) {
    for name in names {
      for end in name.indices.lazy.filter({ name[$0] == "." }).prefix(Self.depth) { paths.insert(name[..<end]) }
    }
  }

  func contains(_ path: String) -> Bool { paths.contains(path[...]) }

  /// How many of the paths for 0, 1, 2 … there are, up to the first that is missing.
  func count(_ path: (Int) -> String) -> Int {
    var count = 0
    while contains(path(count)) { count += 1 }
    return count
  }
}
