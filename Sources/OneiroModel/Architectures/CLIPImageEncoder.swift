import OneiroGraph

/// CLIP's vision transformer with its projection, as transformers' CLIPVisionModelWithProjection.
///
///     pixel_values [N, 3, size, size], normalized as CLIP's processor does -> image_embedding [N, projection]
///
/// Not scaled to unit length.
public struct CLIPImageEncoder: Sendable, Equatable, Codable {
  /// Pixels along a side, and along a patch's side.
  public var imageSize: Int
  public var patch: Int
  public var width: Int
  public var depth: Int
  public var heads: Int
  public var hidden: Int
  public var projection: Int

  public init(
    imageSize: Int = 224, patch: Int = 14, width: Int = 1024, depth: Int = 24, heads: Int = 16, hidden: Int = 4096,
    projection: Int = 768
  ) {
    self.imageSize = imageSize
    self.patch = patch
    self.width = width
    self.depth = depth
    self.heads = heads
    self.hidden = hidden
    self.projection = projection
  }

  public static let prefix = "image_embedder.transformer."
  private static let epsilon: Float = 1e-5

  public func network(_ ledger: WeightLedger, prefix: String = CLIPImageEncoder.prefix) throws(GraphError) -> Network {
    var builder = NetworkBuilder("clip_image_encoder", prefix: prefix, ledger: ledger)
    let pixels = builder.input(
      "pixel_values", [.symbol("batch"), .known(3), .known(imageSize), .known(imageSize)])
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
    x = try builder.layerNorm(x, "vision_model.pre_layrnorm", width, epsilon: Self.epsilon)
    for layer in 0..<depth { x = try self.layer(x, "vision_model.encoder.layers.\(layer)", &builder) }
    let index = builder.constant("int64.class_token", Tensor(scalar: Int64(0)))
    let pooled = builder.node("Gather", [x, index], "vision_model.class_token", ["axis": .int(1)])
    let normal = try builder.layerNorm(pooled, "vision_model.post_layernorm", width, epsilon: Self.epsilon)
    let embedding = try builder.linear(normal, "visual_projection", width, projection, bias: false)
    builder.output("image_embedding", embedding, [.symbol("batch"), .known(projection)])
    return builder.network()
  }

  private func layer(_ x: String, _ path: String, _ builder: inout NetworkBuilder) throws(GraphError) -> String {
    let normal = try builder.layerNorm(x, "\(path).layer_norm1", width, epsilon: Self.epsilon)
    let q = try builder.linear(normal, "\(path).self_attn.q_proj", width, width)
    let k = try builder.linear(normal, "\(path).self_attn.k_proj", width, width)
    let v = try builder.linear(normal, "\(path).self_attn.v_proj", width, width)
    let mixed = builder.attention(q: q, k: k, v: v, "\(path).self_attn", width: width, heads: heads)
    let attended = try builder.linear(mixed, "\(path).self_attn.out_proj", width, width)
    let middle = builder.node("Add", [x, attended], "\(path).attended")
    let second = try builder.layerNorm(middle, "\(path).layer_norm2", width, epsilon: Self.epsilon)
    let wide = try builder.linear(second, "\(path).mlp.fc1", width, hidden)
    // CLIP's approximation of GELU: x sigmoid(1.702 x).
    let steep = builder.node("Mul", [wide, builder.scalar(1.702)], "\(path).mlp.steep")
    let gate = builder.node("Sigmoid", [steep], "\(path).mlp.gate")
    let bent = builder.node("Mul", [wide, gate], "\(path).mlp.act")
    return builder.node("Add", [middle, try builder.linear(bent, "\(path).mlp.fc2", hidden, width)], path)
  }
}
