import ArgumentParser

/// A command that writes files. `Oneiro.main` looks at their places before the command runs: that a folder is not there
/// is better known before minutes of work than after.
protocol FileWriting: ParsableCommand {
  /// Paths of files that the run writes, as they were given.
  var outputFiles: [String] { get throws }
  /// Paths of folders that the run writes into, and makes where there are none.
  var outputFolders: [String] { get }
}

extension FileWriting {
  var outputFolders: [String] { [] }

  /// - Throws: `DreamError` with the first path that cannot be written, and why. Nothing is made or changed.
  func checkOutputs() throws {
    for path in outputFolders { try OutputFile.checkFolder(path) }
    let made = outputFolders.map(OutputFile.absolute).filter { !OutputFile.isFolder($0) }
    for path in try outputFiles where !made.contains(OutputFile.absolute(OutputFile.folder(of: path))) {
      try OutputFile.checkWritable(path)
    }
  }
}
