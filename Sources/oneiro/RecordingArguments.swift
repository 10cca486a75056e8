import ArgumentParser
import OneiroDream

extension TrialSelection {
  /// The path and the trials of `FILE[:trials]`; without them, all.
  /// - option: what a wrong one is told.
  static func parse(_ argument: String, option: String) throws -> (path: String, selection: TrialSelection) {
    let (path, selection) = split(argument)
    if selection == nil, let ending = [".npy:", ".npz:", ".safetensors:"].first(where: path.contains) {
      let trials = path.split(separator: ending, maxSplits: 1).last ?? ""
      throw ValidationError(
        "\(option): expected trials such as 3, 0-7,12 or all after the colon, found \"\(trials)\"")
    }
    return (path, selection ?? .all)
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
