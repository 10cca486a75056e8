import OneiroGraph
import OneiroModel

/// Which trials are for training, validation and test, as `block_splits_by_image_all.pth` has them:
/// {splits: [{train: [int], val: [int], test: [int]}]}. The numbers count the trials of the subject that is trained on.
public struct TrialSplit: Sendable, Equatable {
  public let train: [Int], validation: [Int], test: [Int]

  public static func read(_ path: String) throws(GraphError) -> [TrialSplit] {
    let file = try TorchFile(contentsOf: path)
    guard let items = file.root["splits"]?.items else {
      throw .mismatch(file: path, nil, expected: "a dictionary with a list \"splits\"", found: "none")
    }
    var splits: [TrialSplit] = []
    for (number, item) in items.enumerated() {
      func indices(_ key: String) throws(GraphError) -> [Int] {
        guard let values = item[key]?.items else {
          throw .mismatch(file: path, "split \(number)", expected: "a list \"\(key)\"", found: "none")
        }
        var indices: [Int] = []
        for value in values {
          guard case .int(let index) = value, index >= 0 else {
            throw .mismatch(
              file: path, "split \(number): \(key)", expected: "integers, 0 or more", found: "\(value.text)")
          }
          indices.append(Int(index))
        }
        return indices
      }
      splits.append(
        TrialSplit(train: try indices("train"), validation: try indices("val"), test: try indices("test")))
    }
    return splits
  }
}
