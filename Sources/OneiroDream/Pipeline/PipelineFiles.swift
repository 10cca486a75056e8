import Glibc
import OneiroModel

/// The weights files of a pipeline that is about to be written, a file a part, and those of the pipeline that is there.
struct PipelineFiles: Sendable {
  private let chosen: [String: WeightsFile]
  private let old: OldPipeline

  /// Chooses names that are free.
  /// - path: of the pipeline file.
  init(_ path: String, roles: [String]) {
    var chosen: [String: WeightsFile] = [:]
    for role in roles { chosen[role] = WeightsFile.free(pipeline: path, role: role) }
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
    for file in chosen.values {
      for other in file.others where old.names(other.name) { unlink(other.path) }
    }
  }
}

/// The pipeline file that is about to be replaced, as far as it says which weights are its own: others may have names
/// like them.
private struct OldPipeline {
  private let bytes: [UInt8]
  init(_ path: String) {
    let file = try? MappedFile(path)
    bytes = file.map { file in withExtendedLifetime(file) { Array(file.bytes) } } ?? []
  }
  /// Whether the file holds `name` as the location of external data: a string of its own, with its length before it.
  func names(_ name: String) -> Bool {
    let wanted = [UInt8(truncatingIfNeeded: name.utf8.count)] + Array(name.utf8)
    return name.utf8.count < 128 && bytes.firstRange(of: wanted) != nil
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
  private func numbered(_ number: Int) -> WeightsFile { WeightsFile(pipeline: pipeline, role: role, number: number) }

  static func free(pipeline: String, role: String) -> WeightsFile {
    var file = WeightsFile(pipeline: pipeline, role: role, number: 0)
    while file.exists { file = file.numbered(file.number + 1) }
    return file
  }

  /// What earlier pipelines of the name have left: all below this one, and above it up to the first gap.
  var others: [WeightsFile] {
    var files = (0..<number).map(numbered)
    var next = numbered(number + 1)
    while next.exists {
      files.append(next)
      next = numbered(next.number + 1)
    }
    return files
  }
}
