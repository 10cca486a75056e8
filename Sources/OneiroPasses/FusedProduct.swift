import OneiroGraph

/// How a product or a convolution takes in what follows it: a plain one becomes a fused one, a quantized one can do it as
/// it is.
extension Node {
  /// The operator, of ai.oneiro, that adds and activates.
  var fusedType: String {
    switch opType {
    case "Conv": "FusedConv"
    case "Gemm": "FusedGemm"
    default: opType
    }
  }

  /// The inputs that come before what is added; `nil` when something is added already, or the node is no `plainType` and
  /// not its quantized form.
  /// - plainType: "Conv" or "Gemm".
  func inputs(beforeAdded plainType: String) -> [String]? {
    let count: Int
    switch op {
    case OpIdentifier(plainType): count = 3
    case OpIdentifier("Quantized\(plainType)", domain: Model.oneiroDomain): count = 6
    case OpIdentifier("WeightQuantized\(plainType)", domain: Model.oneiroDomain): count = 5
    default: return nil
    }
    guard inputs.count <= count, attributes["activation"] == nil else { return nil }
    return inputs + [String](repeating: "", count: count - inputs.count)
  }
}
