import ArgumentParser
import Foundation
import OneiroDream

/// Names of files to write, and whether they can be written: better known before minutes of work than after.
enum OutputFile {
  /// - Throws: when `path` is something else than a file, or nothing can be put into its folder.
  static func checkWritable(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      // A file takes the place of what was there, which must not be a device.
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device or a pipe"
      throw DreamError.file(path, reason: "cannot be written: it is \(kind)")
    }
    try checkFolder(around: path, "cannot be written")
  }

  /// - Throws: when nothing can be put into the folder `path`, or it is not there and cannot be made.
  static func checkFolder(_ path: String) throws {
    // With a slash behind it, a file is not found at all.
    let path = withoutSlash(path)
    guard access(path, F_OK) == 0 else { return try checkFolder(around: path, "cannot be made") }
    if let reason = fault(ofFolder: path) { throw DreamError.file(path, reason: "cannot be written: \(reason)") }
  }

  /// "pictures" for "pictures/" and "pictures//".
  static func withoutSlash(_ path: String) -> String {
    path.lastIndex { $0 != "/" }.map { String(path[...$0]) } ?? String(path.prefix(1))
  }

  /// One spelling for those that differ in empty parts, "." and the folder that they begin at: "/data/a" for "a/./" in
  /// "/data". What ".." leads to is left to the system, as links decide.
  static func absolute(_ path: String) -> String {
    let whole = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    return whole.split(separator: "/").filter { $0 != "." }.map { "/\($0)" }.joined()
  }

  /// The folder that a file is to be in.
  static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  private static func checkFolder(around path: String, _ what: String) throws {
    let folder = folder(of: path)
    if let reason = fault(ofFolder: folder) { throw DreamError.file(path, reason: "\(what): \(folder): \(reason)") }
  }

  /// Why nothing can be put into a folder.
  private static func fault(ofFolder folder: String) -> String? {
    // With "/." behind it, a file is none.
    access("\(folder)/.", W_OK | X_OK) == 0 ? nil : String(cString: strerror(errno))
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
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw DreamError.file(path, reason: "cannot be made: \(String(cString: strerror(errno)))")
    }
    if let reason = fault(ofFolder: path) { throw DreamError.file(path, reason: "cannot be written: \(reason)") }
  }

  /// "pictures.png" → "pictures-3-0.png".
  static func numbered(_ path: String, trial: Int, sample: Int) -> String {
    let suffix = path.hasSuffix(".png") ? ".png" : ""
    return "\(path.dropLast(suffix.count))-\(trial)-\(sample)\(suffix)"
  }
}
