import OneiroGraph

extension Recording {
  /// Trials and what is known of them, by the names under which they are read again.
  public var arrays: [String: Tensor] {
    var arrays = ["eeg": trials]
    func add(_ name: String, _ numbers: [Int64]?) {
      if let numbers { arrays[name] = Tensor(.int64, int64s: numbers, dims: [numbers.count]) }
    }
    add("label", labels)
    for (kind, numbers) in origins.numbers { add(kind, numbers) }
    if let noise { arrays["x_T"] = noise }
    if let images { arrays["image"] = images }
    return arrays
  }
}
