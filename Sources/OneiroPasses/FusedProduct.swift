import OneiroGraph

/// How a product or a convolution takes in what follows it: a plain one becomes a fused one, a quantized one can do it
/// as it is.
extension Node {
  /// The operator, of ai.oneiro, that adds and activates.
  var fusedType: String {
    switch opType {
    case "Conv": "FusedConv"
    case "Gemm": "FusedGemm"
    default: opType
    }
  }

  /// The inputs with `z` as what is added; `nil` when something is added already, or the node is no `plainType` and not
  /// its quantized form.
  /// - plainType: "Conv" or "Gemm".
  func inputs(adding z: String, to plainType: String) -> [String]? {
    let position: Int
    switch op {
    case OpIdentifier(plainType): position = 3
    case OpIdentifier("Quantized\(plainType)", domain: Model.oneiroDomain): position = 6
    case OpIdentifier("WeightQuantized\(plainType)", domain: Model.oneiroDomain): position = 5
    default: return nil
    }
    guard inputs.count <= position || inputs[position].isEmpty, attributes["activation"] == nil else { return nil }
    var inputs = inputs + [String](repeating: "", count: max(0, position + 1 - inputs.count))
    inputs[position] = z
    return inputs
  }
}
