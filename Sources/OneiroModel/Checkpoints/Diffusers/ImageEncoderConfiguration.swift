import OneiroGraph

/// What the weights of a CLIP image encoder do not tell, from its `config.json`. Values that are left out have the
/// defaults of transformers: https://huggingface.co/docs/transformers/model_doc/clip#transformers.CLIPVisionConfig
public struct ImageEncoderConfiguration: Sendable, Equatable {
  public enum Activation: String, Sendable, Codable {
    /// x·sigmoid(1.702x)
    case quickGelu = "quick_gelu"
    /// The exact form, with erf.
    case gelu
  }
  /// Heads of the attention.
  public var heads: Int
  public var activation: Activation
  /// Of the layer normalizations.
  public var epsilon: Double

  public init(contentsOf path: String) throws(GraphError) {
    try self.init(ConfigurationFile(contentsOf: path))
  }

  /// - name: what messages call the file.
  public init(json: [UInt8], name: String) throws(GraphError) {
    try self.init(ConfigurationFile(json, name: name))
  }

  private init(_ file: ConfigurationFile) throws(GraphError) {
    // The file of a whole CLIP model has the image encoder's fields one level down.
    let file = file.section("vision_config") ?? file
    heads = try file.count("num_attention_heads", default: 12)
    epsilon = try file.positiveNumber("layer_norm_eps", default: 1e-5)
    let name = try file.string("hidden_act") ?? Activation.quickGelu.rawValue
    guard let activation = Activation(rawValue: name) else {
      throw file.mismatch("hidden_act", expected: "\"quick_gelu\" or \"gelu\"")
    }
    self.activation = activation
  }
}
