import OneiroGraph

/// Which of the arrays in a file holds the trials.
public enum TrialArrayName {
  /// `eeg`, or the only array of floating-point numbers with two or three axes.
  /// - source: what errors call the file.
  public static func find(in arrays: [String: Tensor], source: String) throws(GraphError) -> String {
    if arrays["eeg"] != nil { return "eeg" }
    let candidates = arrays.filter { $0.value.elementType.isFloatingPoint && [2, 3].contains($0.value.rank) }.keys
      .sorted()
    guard candidates.count == 1 else {
      let names = candidates.isEmpty ? "none" : candidates.joined(separator: ", ")
      throw .mismatch(
        file: source, nil, expected: "an array \"eeg\" or one floating-point array of rank 2 or 3", found: names)
    }
    return candidates[0]
  }
}
