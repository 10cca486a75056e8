import ArgumentParser
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

  /// Refuses a name that does not say what is written into it: where it is an option's value, that is wrong use.
  /// - endings: with their dots, in small letters.
  static func checkEnding(_ path: String, _ endings: [String], option: String) throws {
    guard !endings.contains(where: path.lowercased().hasSuffix) else { return }
    let known = endings.joined(separator: " or ")
    throw ValidationError("\(option): expected a name that ends in \(known), found \"\(path)\"")
  }

  /// Refuses outputs that would replace something the command reads, or each other.
  /// - inputs: paths of files; those that are not there are passed over.
  static func checkDistinct(_ outputs: [String], inputs: [String]) throws {
    var taken: [FileIdentity: String] = [:]
    for input in inputs { if let identity = FileIdentity(input) { taken[identity] = input } }
    var names: Set<String> = []
    for output in outputs {
      guard names.insert(output).inserted else {
        throw DreamError.mismatch(at: output, expected: "another file for each output", found: "the same twice")
      }
      if let identity = FileIdentity(output), let input = taken[identity] {
        throw DreamError.mismatch(
          at: output, expected: "an output that is not also an input", found: "the file of input \(input)")
      }
    }
  }

  /// What tells a file from all others, whatever path leads to it.
  private struct FileIdentity: Hashable {
    let device: UInt64
    let number: UInt64
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = UInt64(status.st_dev)
      number = UInt64(status.st_ino)
    }
  }

  /// Whether a name stands for a folder: one that is there, or that ends in a slash.
  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return path.hasSuffix("/")
      || FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Makes a folder where there is none.
  static func makeFolder(_ path: String) throws {
    guard mkdir(path, 0o777) == 0 || errno == EEXIST, isFolder(path) else {
      throw DreamError.file(path, reason: "cannot be made: \(String(cString: strerror(errno)))")
    }
    guard access(path, W_OK) == 0 else {
      throw DreamError.file(path, reason: "cannot be written: \(String(cString: strerror(errno)))")
    }
  }

  /// "pictures.png" → "pictures-3-0.png".
  static func numbered(_ path: String, trial: Int, sample: Int) -> String {
    let suffix = path.hasSuffix(".png") ? ".png" : ""
    return "\(path.dropLast(suffix.count))-\(trial)-\(sample)\(suffix)"
  }
}
