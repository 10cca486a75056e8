import Foundation

/// The recorded lists of names in `Tests/Golden`; its README says where they come from.
enum GoldenNames {
  /// The rows of a file of tab-separated columns, without its heading.
  static func rows(_ file: String) throws -> [[String]] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: folder.appendingPathComponent("Golden/\(file)"), encoding: .utf8)
    return text.split(separator: "\n").dropFirst().map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }

  static func dims(_ text: String) -> [Int] { text.split(separator: "x").compactMap { Int($0) } }

  /// The names and shapes of a part in a checkpoint: "unet", "vae", "clip_vision".
  static func tensors(_ part: String) throws -> [(name: String, dims: [Int])] {
    try rows("tensor_names.tsv").filter { $0[0] == part }.map { ($0[1], dims($0[2])) }
  }

  /// The names of a part in a checkpoint and in a diffusers folder, where the shape is `dims`.
  static func diffusers(_ part: String) throws -> [(canonical: String, diffusers: String, dims: [Int])] {
    try rows("diffusers_names.tsv").filter { $0[0] == part }.map { ($0[1], $0[2], dims($0[3])) }
  }
}
