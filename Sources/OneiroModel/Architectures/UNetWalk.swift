import OneiroGraph

/// The way through a U-Net's blocks, with the stack of what the way in leaves for the way out.
struct UNetWalk {
  let unet: UNet
  var builder: NetworkBuilder
  /// [N, embedding].
  let embedding: String
  let context: String

  private var skips: [(value: String, channels: Int)] = []
  private var x = ""
  private var channels = 0

  init(unet: UNet, builder: NetworkBuilder, embedding: String, context: String) {
    self.unet = unet
    self.builder = builder
    self.embedding = embedding
    self.context = context
  }

  mutating func run(_ sample: String) throws(GraphError) -> String {
    x = try builder.conv(sample, "input_blocks.0.0", unet.inputChannels, unet.channels, kernel: [3, 3])
    channels = unet.channels
    try wayIn()
    try residual("middle_block.0", to: channels)
    try transformer("middle_block.1")
    try residual("middle_block.2", to: channels)
    try wayOut()
    x = try builder.groupNorm(x, "out.0", channels, groups: unet.groups, epsilon: unet.epsilon)
    x = builder.silu(x, "out.1")
    return try builder.conv(x, "out.2", channels, unet.outputChannels, kernel: [3, 3])
  }

  private mutating func wayIn() throws(GraphError) {
    skips.append((x, channels))
    var number = 1
    for level in unet.factors.indices {
      for _ in 0..<unet.blocks {
        try residual("input_blocks.\(number).0", to: unet.channels * unet.factors[level])
        if unet.attends(level) { try transformer("input_blocks.\(number).1") }
        skips.append((x, channels))
        number += 1
      }
      guard level < unet.factors.count - 1 else { continue }
      x = try builder.conv(x, "input_blocks.\(number).0.op", channels, channels, kernel: [3, 3], stride: 2)
      skips.append((x, channels))
      number += 1
    }
  }

  private mutating func wayOut() throws(GraphError) {
    var number = 0
    for level in unet.factors.indices.reversed() {
      for block in 0...unet.blocks {
        let path = "output_blocks.\(number)"
        guard let skip = skips.popLast() else { preconditionFailure("as many skips as blocks on the way out") }
        x = builder.node("Concat", [x, skip.value], "\(path).joined", ["axis": .int(1)])
        channels += skip.channels
        try residual("\(path).0", to: unet.channels * unet.factors[level])
        if unet.attends(level) { try transformer("\(path).1") }
        if block == unet.blocks && level > 0 {
          let child = "\(path).\(unet.attends(level) ? 2 : 1)"
          x = try builder.conv(
            builder.upsample(x, child), "\(child).conv", channels, channels, kernel: [3, 3])
        }
        number += 1
      }
    }
  }

  /// h = conv(silu(norm x)) + time;  x = skip(x) + conv(silu(norm h))
  private mutating func residual(_ path: String, to output: Int) throws(GraphError) {
    var h = try builder.groupNorm(x, "\(path).in_layers.0", channels, groups: unet.groups, epsilon: unet.epsilon)
    h = try builder.conv(
      builder.silu(h, "\(path).in_layers.1"), "\(path).in_layers.2", channels, output, kernel: [3, 3])
    let time = try builder.linear(embedding, "\(path).emb_layers.1", unet.embedding, output)
    let column = builder.node("Unsqueeze", [time, builder.integers([2, 3])], "\(path).emb_layers")
    h = builder.node("Add", [h, column], "\(path).timed")
    h = try builder.groupNorm(h, "\(path).out_layers.0", output, groups: unet.groups, epsilon: unet.epsilon)
    h = try builder.conv(
      builder.silu(h, "\(path).out_layers.1"), "\(path).out_layers.3", output, output, kernel: [3, 3])
    let skip =
      channels == output ? x : try builder.conv(x, "\(path).skip_connection", channels, output, kernel: [1, 1])
    x = builder.node("Add", [skip, h], path)
    channels = output
  }

  /// x + proj_out(blocks(proj_in(norm x))), the blocks on one token a pixel.
  private mutating func transformer(_ path: String) throws(GraphError) {
    let outside = x
    let normal = try builder.groupNorm(x, "\(path).norm", channels, groups: unet.groups, epsilon: 1e-6)
    var tokens: String
    if unet.projectsLinearly {
      tokens = try builder.linear(builder.tokens(normal, path, channels), "\(path).proj_in", channels, channels)
    } else {
      let projected = try builder.conv(normal, "\(path).proj_in", channels, channels, kernel: [1, 1])
      tokens = builder.tokens(projected, path, channels)
    }
    for index in 0..<unet.depth { tokens = try block(tokens, "\(path).transformer_blocks.\(index)") }
    var inside: String
    if unet.projectsLinearly {
      let projected = try builder.linear(tokens, "\(path).proj_out", channels, channels)
      inside = builder.picture(projected, path, like: outside)
    } else {
      let picture = builder.picture(tokens, path, like: outside)
      inside = try builder.conv(picture, "\(path).proj_out", channels, channels, kernel: [1, 1])
    }
    x = builder.node("Add", [inside, outside], path)
  }

  /// Attention among the pixels, attention to the context, and a gated feed-forward layer, each added to its input.
  private mutating func block(_ tokens: String, _ path: String) throws(GraphError) -> String {
    var x = tokens
    for (index, source) in [(1, nil), (2, context)] as [(Int, String?)] {
      let normal = try builder.layerNorm(x, "\(path).norm\(index)", channels)
      let attention = "\(path).attn\(index)"
      let width = source == nil ? channels : unet.contextWidth
      let q = try builder.linear(normal, "\(attention).to_q", channels, channels, bias: false)
      let k = try builder.linear(source ?? normal, "\(attention).to_k", width, channels, bias: false)
      let v = try builder.linear(source ?? normal, "\(attention).to_v", width, channels, bias: false)
      let mixed = builder.attention(
        q: q, k: k, v: v, attention, width: channels, heads: unet.heads(of: channels))
      let result = try builder.linear(mixed, "\(attention).to_out.0", channels, channels)
      x = builder.node("Add", [x, result], "\(attention).added")
    }
    let normal = try builder.layerNorm(x, "\(path).norm3", channels)
    let wide = try builder.linear(normal, "\(path).ff.net.0.proj", channels, 8 * channels)
    let halves = builder.node(
      "Split", [wide], "\(path).ff.net.0.halves", outputs: 2, ["axis": .int(-1), "num_outputs": .int(2)])
    let gate = builder.node("Gelu", [halves[1]], "\(path).ff.net.0.gate")
    let gated = builder.node("Mul", [halves[0], gate], "\(path).ff.net.0")
    return builder.node("Add", [x, try builder.linear(gated, "\(path).ff.net.2", 4 * channels, channels)], path)
  }
}
