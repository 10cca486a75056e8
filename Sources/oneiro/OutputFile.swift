import Foundation
import OneiroDream

/// Names of files to write, and whether they can be written: better known before minutes of work than after.
enum OutputFile {
  static func checkWritable(_ path: String) throws {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
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
