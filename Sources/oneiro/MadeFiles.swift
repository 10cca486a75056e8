import Foundation

/// Files and folders that a command makes, which go again when it cannot end what it began.
struct MadeFiles {
  /// In the order in which they were made.
  private var paths: [String] = []

  /// Makes a folder where there is none.
  mutating func makeFolder(_ path: String) throws {
    note(path)
    try OutputFile.makeFolder(path)
  }

  /// To be called before something is written: what was there before stays there.
  mutating func note(_ path: String) {
    let path = OutputFile.withoutSlash(path)
    var status = stat()
    // A link that leads nowhere is there, too.
    if lstat(path, &status) != 0 { paths.append(path) }
  }

  /// Takes away what was made; a folder stays where somebody else has put something into it.
  func remove() { for path in paths.reversed() where unlink(path) != 0 { rmdir(path) } }
}
