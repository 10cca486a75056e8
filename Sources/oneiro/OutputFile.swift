import Foundation
import OneiroDream

/// Names of files to write, and whether they can be written: better known before minutes of work than after.
enum OutputFile {
  static func checkWritable(_ path: String) throws {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw DreamError.file(path, reason: "cannot be written: it is a folder")
    }
    guard access(folder, W_OK) == 0 else {
      throw DreamError.file(path, reason: "cannot be written: \(String(cString: strerror(errno)))")
    }
  }

  /// "pictures.png" → "pictures-3-0.png".
  static func numbered(_ path: String, trial: Int, sample: Int) -> String {
    let suffix = path.hasSuffix(".png") ? ".png" : ""
    return "\(path.dropLast(suffix.count))-\(trial)-\(sample)\(suffix)"
  }
}
