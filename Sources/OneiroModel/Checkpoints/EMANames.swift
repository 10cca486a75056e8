import OneiroGraph

/// The averaged weights (EMA) that training keeps beside those of the U-Net. A checkpoint of the original programs has
/// them under the U-Net's names with all dots taken out:
///
///     model.diffusion_model.out.2.weight      model_ema.diffusion_modelout2weight
///
/// Where the dots were cannot be told from such a name, so it is looked for by the names of the U-Net.
public enum EMANames {
  private static let prefix = "model_ema."
  /// What training keeps about the averages: numbers, no weights.
  private static let counters: Set = ["decay", "num_updates"]

  /// Where the average of a tensor is; `nil` for a name outside of the U-Net.
  public static func shadow(of canonical: String) -> String? {
    guard canonical.hasPrefix(UNet.prefix) else { return nil }
    return prefix + canonical.dropFirst("model.".count).filter { $0 != "." }
  }

  /// The checkpoint with the averages in place of the U-Net's weights, and without `model_ema`.
  public static func averaged(_ checkpoint: Checkpoint) throws(GraphError) -> Checkpoint {
    guard checkpoint.tensors.keys.contains(where: { $0.hasPrefix(prefix) }) else {
      throw .mismatch(
        file: checkpoint.source, nil, expected: "averages of the weights, \(prefix)*", found: "none in this checkpoint")
    }
    var result = checkpoint
    var owners: [String: String] = [:]
    for (name, tensor) in checkpoint.tensors.sorted(by: { $0.key < $1.key }) {
      guard let shadow = shadow(of: name) else { continue }
      let what = "tensor \"\(shadow)\""
      if let other = owners.updateValue(name, forKey: shadow) {
        throw .mismatch(
          file: checkpoint.source, what, expected: "the average of one tensor", found: "\"\(other)\" and \"\(name)\"")
      }
      guard let average = checkpoint.tensors[shadow] else {
        throw .mismatch(file: checkpoint.source, what, expected: "the average of \"\(name)\"", found: "none")
      }
      guard average.dims == tensor.dims else {
        throw .mismatch(
          file: checkpoint.source, what, expected: "shape \(tensor.dims)", found: "\(average.dims)",
          because: "it is the average of \"\(name)\"")
      }
      result.tensors[name] = average
    }
    guard !owners.isEmpty else {
      throw .mismatch(
        file: checkpoint.source, nil, expected: "tensors of a U-Net, \(UNet.prefix)*", found: "none")
    }
    for name in checkpoint.tensors.keys.sorted() where name.hasPrefix(prefix) {
      guard owners[name] != nil || counters.contains(String(name.dropFirst(prefix.count))) else {
        throw .mismatch(
          file: checkpoint.source, "tensor \"\(name)\"", expected: "the average of a tensor of the U-Net",
          found: "no tensor of that name without its dots")
      }
      result.tensors[name] = nil
    }
    return result
  }
}
