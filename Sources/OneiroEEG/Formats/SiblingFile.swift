import Foundation
import OneiroGraph

/// Files that another file names.
enum SiblingFile {
  /// The path of a file beside `file`: a name, not a way to elsewhere. Where there is no such file and the name is that
  /// of a recording that was renamed as a whole, it is the file with the recording's name and the same ending, and a
  /// warning says so. Links are followed: archives of data keep their files elsewhere.
  /// - subject: what errors call the entry.
  static func path(
    _ name: String, of file: String, _ subject: String, _ warnings: inout [String]
  ) throws(GraphError) -> String {
    let slash = file.lastIndex(of: "/")
    let folder = slash.map { String(file[...$0]) } ?? "",
      own = slash.map { String(file[file.index(after: $0)...]) } ?? file
    let stem = own.lastIndex(of: ".").map { String(own[..<$0]) } ?? own
    // "$b" stands for the header's own name.
    let name = name.hasPrefix("$b") ? stem + name.dropFirst(2) : name
    guard !name.contains("/"), !name.contains("\\"), !name.contains("\0"), name != ".." else {
      throw .mismatch(file: file, subject, expected: "the name of a file beside it", found: "\"\(name.prefix(80))\"")
    }
    if !FileManager.default.fileExists(atPath: folder + name), let dot = name.lastIndex(of: ".") {
      let renamed = stem + name[dot...]
      if FileManager.default.fileExists(atPath: folder + renamed) {
        warnings.append("the header names \(name), which is not there: \(renamed) is taken")
        return folder + renamed
      }
    }
    return folder + name
  }
}
