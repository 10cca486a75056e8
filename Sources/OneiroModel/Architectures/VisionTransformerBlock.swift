import OneiroGraph

extension NetworkBuilder {
  /// One pre-norm transformer block with joined q, k, v, as timm 0.5 writes it.
  ///
  ///     x += proj(attention(norm1 x));  x += fc2(GELU(fc1(norm2 x)))
  ///
  /// - x: [N, tokens, width].
  mutating func transformerBlock(
    _ x: ValueName, _ path: String, width: Int, heads: Int, hidden: Int
  ) throws(GraphError) -> ValueName {
    let normal = try layerNorm(x, "\(path).norm1", width)
    let joint = try linear(normal, "\(path).attn.qkv", width, 3 * width)
    let qkv = node("Split", [joint], "\(path).attn.split", outputs: 3, ["axis": .int(-1), "num_outputs": .int(3)])
    let mixed = attention(q: qkv[0], k: qkv[1], v: qkv[2], "\(path).attn", width: width, heads: heads)
    let attended = try linear(mixed, "\(path).attn.proj", width, width)
    let middle = node("Add", [x, attended], "\(path).attended")
    let second = try layerNorm(middle, "\(path).norm2", width)
    let wide = try linear(second, "\(path).mlp.fc1", width, hidden)
    let bent = node("Gelu", [wide], "\(path).mlp.act")
    return node("Add", [middle, try linear(bent, "\(path).mlp.fc2", hidden, width)], path)
  }
}
