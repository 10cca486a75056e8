import ArgumentParser
import Foundation
import OneiroDream

extension TrialSelection {
  /// The path and the trials of `FILE[:trials]`; without them, all.
  /// - option: what a wrong one is told.
  static func parse(_ argument: String, option: String) throws -> (path: String, selection: TrialSelection) {
    let (path, selection) = split(argument)
    guard selection == nil, let colon = path.lastIndex(of: ":"), !FileManager.default.fileExists(atPath: path) else {
      return (path, selection ?? .all)
    }
    // A name may hold a colon; a file of that name, or nothing behind it, tells that it is none.
    let trials = path[path.index(after: colon)...]
    guard trials.isEmpty || FileManager.default.fileExists(atPath: String(path[..<colon])) else { return (path, .all) }
    throw ValidationError(
      "\(option) \"\(argument)\": expected trials such as 3, 0-7,12 or all after the colon, "
        + "found \(trials.isEmpty ? "nothing" : "\"\(trials)\"")")
  }
}

extension Recording {
  /// Trials of `FILE[:trials]`, prepared before, with a word on standard error where their unit seems to be another.
  /// - scale: what the pipeline takes, where that is known.
  static func prepared(_ argument: String, option: String, for scale: TrialScale?) throws -> Recording {
    let (path, selection) = try TrialSelection.parse(argument, option: option)
    let recording = try Recording(contentsOf: path).selecting(selection)
    if let warning = scale?.warning(of: recording) { Log.shared.warning("\(path): \(warning)") }
    return recording
  }
}

extension StartingNoise {
  /// Where pictures start from.
  /// - noise: a file, "recorded" for what lies beside the trials, or `nil` for that of the seed.
  static func named(_ noise: String?, seed: UInt64, of recording: Recording) throws -> StartingNoise {
    guard let noise else { return .seed(seed) }
    guard noise == "recorded" else { return try StartingNoise(contentsOf: noise) }
    guard let recorded = recording.noise else {
      throw DreamError.mismatch(
        at: recording.source, expected: "an array x_T, the starting noise of each trial", found: "none")
    }
    return .given(recorded, source: recording.source)
  }
}
