import ArgumentParser
import OneiroDream
import OneiroGraph

/// What `--with ROLE=FILE` puts in the place of parts.
enum PartReplacements {
  /// The files by role.
  /// - others: roles that no pipeline has.
  static func files(_ arguments: [String], others: [String] = []) throws -> [String: String] {
    let known = PipelinePart.all.map(\.role) + others
    var files: [String: String] = [:]
    for argument in arguments {
      let pair = argument.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2, !argument.hasPrefix("=") else {
        throw ValidationError("--with: expected ROLE=FILE, found \"\(argument)\"")
      }
      guard known.contains(pair[0]) else {
        let near = names(near: pair[0], in: known)
        throw ValidationError(
          "--with \(argument): expected one of the roles \(known.joined(separator: ", ")), found \"\(pair[0])\""
            + (near.isEmpty ? "" : "; near it: \(near.joined(separator: ", "))"))
      }
      files[pair[0]] = pair[1]
    }
    return files
  }
}
