import OneiroGraph

/// CLIP's vision transformer with its projection, as transformers' CLIPVisionModelWithProjection.
///
///     pixels [N, 3, size, size] -> image_embedding [N, projection]
///
/// Not scaled to unit length.
public struct CLIPImageEncoder: NetworkConfiguration, Sendable, Equatable, Codable {
  /// Pixels along a side, and along a patch's side.
  public var imageSize: Int
  public var patch: Int
  public var width: Int
  public var depth: Int
  public var heads: Int
  public var hidden: Int
  public var projection: Int
  public var activation: ImageEncoderConfiguration.Activation
  /// Of the layer normalizations.
  public var epsilon: Float

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case imageSize = "image_size"
    case patch = "patch_size"
    case width = "hidden_size"
    case depth = "num_hidden_layers"
    case heads = "num_attention_heads"
    case hidden = "intermediate_size"
    case projection = "projection_dim"
    case activation = "hidden_act"
    case epsilon = "layer_norm_eps"
  }

  public init(
    imageSize: Int = 224, patch: Int = 14, width: Int = 1024, depth: Int = 24, heads: Int = 16, hidden: Int = 4096,
    projection: Int = 768, activation: ImageEncoderConfiguration.Activation = .quickGelu, epsilon: Float = 1e-5
  ) {
    self.imageSize = imageSize
    self.patch = patch
    self.width = width
    self.depth = depth
    self.heads = heads
    self.hidden = hidden
    self.projection = projection
    self.activation = activation
    self.epsilon = epsilon
  }

  public static let prefix = "image_embedder.transformer."

  /// What goes into the graph.
  public enum Input: Sendable {
    /// `pixel_values` [N, 3, size, size], normalized as CLIP's processor does.
    case pixels
    /// `image` [N, 3, H, W] in -1 ... 1: the shorter side is brought to `size` (bicubic), the middle cut out, and the
    /// result normalized.
    case picture
  }

  public func network(
    _ ledger: WeightLedger, prefix: String = CLIPImageEncoder.prefix, takes input: Input = .pixels
  ) throws(GraphError) -> Network {
    var builder = NetworkBuilder("clip_image_encoder", prefix: prefix, ledger: ledger)
    let pixels =
      switch input {
      case .pixels:
        builder.input("pixel_values", [.symbol("batch"), .known(3), .known(imageSize), .known(imageSize)])
      case .picture: preparedPicture(&builder)
      }
    let patches = (imageSize / patch) * (imageSize / patch)
    let embeddings = "vision_model.embeddings"
    let pieces = try builder.conv(
      pixels, "\(embeddings).patch_embedding", 3, width, kernel: [patch, patch], stride: patch, pads: [0, 0, 0, 0],
      bias: false)
    let tokens = builder.tokens(pieces, "\(embeddings).patch_embedding", width)
    let token = try builder.weight("\(embeddings).class_embedding", [width]) { $0.reshaped([1, 1, width]) }
    let first = builder.perItem(token, "\(embeddings).class_embedding", width: width, like: pixels)
    let joined = builder.node("Concat", [first, tokens], "\(embeddings).joined", ["axis": .int(1)])
    let positions = try builder.weight("\(embeddings).position_embedding.weight", [patches + 1, width])
    var x = builder.node("Add", [joined, positions], embeddings)
    // The spelling is the checkpoint's.
    x = try builder.layerNorm(x, "vision_model.pre_layrnorm", width, epsilon: epsilon)
    for layer in 0..<depth { x = try self.layer(x, "vision_model.encoder.layers.\(layer)", &builder) }
    let index = builder.constant("int64.class_token", Tensor(scalar: Int64(0)))
    let pooled = builder.node("Gather", [x, index], "vision_model.class_token", ["axis": .int(1)])
    let normal = try builder.layerNorm(pooled, "vision_model.post_layernorm", width, epsilon: epsilon)
    let embedding = try builder.linear(normal, "visual_projection", width, projection, bias: false)
    builder.output("image_embedding", embedding, [.symbol("batch"), .known(projection)])
    return builder.network()
  }

  /// What transformers' CLIPImageProcessor does to a picture, without its rounding to 8 bits in between.
  private func preparedPicture(_ builder: inout NetworkBuilder) -> String {
    let image = builder.input("image", [.symbol("batch"), .known(3), .symbol("height"), .symbol("width")])
    let path = "image_processor"
    let resized = builder.node(
      "Resize", [image, "", "", builder.integers([imageSize, imageSize])], "\(path).resize",
      [
        "mode": .string("cubic"), "cubic_coeff_a": .float(-0.5), "antialias": .int(1), "axes": .ints([2, 3]),
        "keep_aspect_ratio_policy": .string("not_smaller"),
      ])
    // Bicubic curves overshoot at edges, where pixels of 8 bits are clamped.
    let bounded = builder.node("Clip", [resized, builder.scalar(-1), builder.scalar(1)], "\(path).bounded")
    let square = builder.node(
      "CenterCropPad", [bounded, builder.integers([imageSize, imageSize])], "\(path).center_crop",
      ["axes": .ints([2, 3])])
    // From -1 ... 1 to 0 ... 1, less the mean, over the deviation, in one product and one sum.
    let mean = [0.48145466, 0.4578275, 0.40821073], deviation = [0.26862954, 0.26130258, 0.27577711]
    let factors = deviation.map { Float(0.5 / $0) }
    let offsets = zip(mean, deviation).map { Float((0.5 - $0) / $1) }
    let scaled = builder.node(
      "Mul", [square, builder.constant("\(path).factors", Tensor(factors, dims: [3, 1, 1]))], "\(path).scaled")
    return builder.node(
      "Add", [scaled, builder.constant("\(path).offsets", Tensor(offsets, dims: [3, 1, 1]))], "\(path).normalized")
  }

  private func layer(_ x: String, _ path: String, _ builder: inout NetworkBuilder) throws(GraphError) -> String {
    let normal = try builder.layerNorm(x, "\(path).layer_norm1", width, epsilon: epsilon)
    let q = try builder.linear(normal, "\(path).self_attn.q_proj", width, width)
    let k = try builder.linear(normal, "\(path).self_attn.k_proj", width, width)
    let v = try builder.linear(normal, "\(path).self_attn.v_proj", width, width)
    let mixed = builder.attention(q: q, k: k, v: v, "\(path).self_attn", width: width, heads: heads)
    let attended = try builder.linear(mixed, "\(path).self_attn.out_proj", width, width)
    let middle = builder.node("Add", [x, attended], "\(path).attended")
    let second = try builder.layerNorm(middle, "\(path).layer_norm2", width, epsilon: epsilon)
    let wide = try builder.linear(second, "\(path).mlp.fc1", width, hidden)
    let bent = bend(wide, "\(path).mlp", &builder)
    return builder.node("Add", [middle, try builder.linear(bent, "\(path).mlp.fc2", hidden, width)], path)
  }

  private func bend(_ x: String, _ path: String, _ builder: inout NetworkBuilder) -> String {
    switch activation {
    case .gelu: return builder.node("Gelu", [x], "\(path).act")
    case .quickGelu:
      let steep = builder.node("Mul", [x, builder.scalar(1.702)], "\(path).steep")
      return builder.node("Mul", [x, builder.node("Sigmoid", [steep], "\(path).gate")], "\(path).act")
    }
  }
}
