import Glibc
import OneiroModel

/// The weights files of a pipeline that is about to be written, a file a part, and those of the pipeline that is there.
struct PipelineFiles: Sendable {
  private let path: String
  private let chosen: [String: WeightsFile]
  private let old: OldPipeline

  /// Chooses names that are free.
  /// - path: of the pipeline file.
  init(_ path: String, roles: [String]) {
    var chosen: [String: WeightsFile] = [:]
    for role in roles { chosen[role] = WeightsFile.free(pipeline: path, role: role) }
    self.path = path
    self.chosen = chosen
    old = OldPipeline(path)
  }

  /// The file for a role, relative to the pipeline's folder.
  func name(of role: String) -> String {
    guard let file = chosen[role] else { preconditionFailure("a role that was not announced") }
    return file.name
  }

  /// After a failure: what was written so far.
  func removeNew() {
    for file in chosen.values { unlink(file.path) }
  }

  /// When the new pipeline is there: what only the old one read.
  func removeOld() {
    let new = Set(chosen.values.map(\.name))
    // A new pipeline may have fewer parts, so the files of all roles are looked at.
    for role in PipelinePart.all.map(\.role) {
      for file in WeightsFile.all(pipeline: path, role: role)
      where !new.contains(file.name) && old.names(file.name) { unlink(file.path) }
    }
  }
}

/// The pipeline file that is about to be replaced, as far as it says which weights are its own: others may have names
/// like them.
private struct OldPipeline {
  /// Stays what it was when another file gets its name.
  private let file: MappedFile?
  init(_ path: String) { file = try? MappedFile(path) }
  /// Whether the file holds `name` as the location of external data: a string of its own, with its length before it.
  func names(_ name: String) -> Bool {
    let wanted = [UInt8(truncatingIfNeeded: name.utf8.count)] + Array(name.utf8)
    guard let file, name.utf8.count < 128 else { return false }
    return withExtendedLifetime(file) { file.bytes.firstRange(of: wanted) != nil }
  }
}

/// Where the weights of one part lie: `dream.unet.weights` beside `dream.onnx`, or `dream.unet.1.weights` if the
/// pipeline that is about to be replaced has that one.
private struct WeightsFile: Sendable {
  let pipeline: String
  let role: String
  let number: Int

  var name: String { "\(Bundle.stem(of: pipeline)).\(role)\(number == 0 ? "" : ".\(number)").weights" }
  var path: String { "\(Bundle.folder(of: pipeline))/\(name)" }
  private var exists: Bool { access(path, F_OK) == 0 }

  static func free(pipeline: String, role: String) -> WeightsFile {
    var number = 0
    while WeightsFile(pipeline: pipeline, role: role, number: number).exists { number += 1 }
    return WeightsFile(pipeline: pipeline, role: role, number: number)
  }

  /// Those that are there. Pipelines that replace each other take the first two numbers by turns, so that either may be
  /// missing; from there on, up to the first gap.
  static func all(pipeline: String, role: String) -> [WeightsFile] {
    var files: [WeightsFile] = []
    for number in 0... {
      let file = WeightsFile(pipeline: pipeline, role: role, number: number)
      if file.exists { files.append(file) } else if number > 1 { break }
    }
    return files
  }
}
