import Foundation
import OneiroGraph

extension UNet {
  /// What every residual block learns of the timestep, [N, embedding], past the SiLU that all of them begin with.
  ///
  ///     Linear(SiLU(Linear([cos(t f) | sin(t f)]))) + condition(context)
  func timeEmbedding(
    _ timestep: String, _ context: String, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> String {
    let waves = waves(timestep, &builder)
    let first = try builder.linear(waves, "time_embed.0", channels, embedding)
    var x = try builder.linear(builder.silu(first, "time_embed.1"), "time_embed.2", embedding, embedding)
    if let timeConditionLengths {
      let condition = try timeCondition(context, timeConditionLengths, &builder)
      x = builder.node("Add", [x, condition], "time_embed.conditioned")
    }
    return builder.silu(x, "emb_layers.0")
  }

  /// Cosines and sines of the timestep, [N, channels].
  ///
  /// The frequencies are worked out in the precision of the original, Float32: times a timestep of 1000, a last bit
  /// shows.
  private func waves(_ timestep: String, _ builder: inout NetworkBuilder) -> String {
    let half = channels / 2
    let frequencies = (0..<half).map { index in
      Float(exp(Double(Float(-log(10000.0)) * Float(index) / Float(half))))
    }
    let table = builder.constant("time_embed.frequencies", Tensor(frequencies, dims: [1, half]))
    let number = builder.node("Cast", [timestep], "time_embed.timestep", ["to": .int(1)])
    let column = builder.node("Unsqueeze", [number, builder.integers([1])], "time_embed.column")
    let angles = builder.node("Mul", [column, table], "time_embed.angles")
    var parts = [
      builder.node("Cos", [angles], "time_embed.cos"), builder.node("Sin", [angles], "time_embed.sin"),
    ]
    if channels % 2 == 1 {
      parts.append(builder.node("Mul", [column, builder.scalar(0)], "time_embed.padding"))
    }
    return builder.node("Concat", parts, "time_embed.waves", ["axis": .int(1)])
  }

  /// One vector of the context, [N, embedding]. The spelling of the name is the checkpoint's.
  private func timeCondition(
    _ context: String, _ lengths: [Int], _ builder: inout NetworkBuilder
  ) throws(GraphError) -> String {
    let path = "time_embed_condtion"
    var x = context
    var length = contextLength ?? 1
    for (index, next) in lengths.enumerated() {
      x = try builder.conv(x, "\(path).\(index)", length, next, kernel: [1])
      length = next
    }
    let last = lengths.isEmpty ? path : "\(path).\(lengths.count)"
    x = try builder.linear(x, last, contextWidth, embedding)
    return builder.node("Squeeze", [x, builder.integers([1])], "\(path).vector")
  }
}
