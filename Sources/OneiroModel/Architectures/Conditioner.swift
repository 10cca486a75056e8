import OneiroGraph

/// Turns the encoder's tokens into the U-Net's context.
///
///     tokens [N, tokens, width] -> two 1x1 convolutions over the token axis -> linear
///       -> context [N, length, contextWidth]
///
/// A pooled token goes through the linear layer alone.
public struct Conditioner: Sendable, Equatable {
  public var tokens: Int
  public var width: Int
  /// Tokens after the first convolution, and of the context; `nil` where the encoder pools.
  public var lengths: [Int]?
  public var contextWidth: Int

  public init(tokens: Int = 128, width: Int = 1024, lengths: [Int]? = [64, 77], contextWidth: Int = 768) {
    self.tokens = tokens
    self.width = width
    self.lengths = lengths
    self.contextWidth = contextWidth
  }

  public static let prefix = "cond_stage_model."

  public var contextLength: Int { lengths?.last ?? tokens }

  public func network(_ ledger: WeightLedger, prefix: String = Conditioner.prefix) throws(GraphError) -> Network {
    var builder = NetworkBuilder("conditioner", prefix: prefix, ledger: ledger)
    var x = builder.input("tokens", [.symbol("batch"), .known(tokens), .known(width)])
    var length = tokens
    for (index, next) in (lengths ?? []).enumerated() {
      x = try builder.conv(x, "channel_mapper.\(index)", length, next, kernel: [1])
      length = next
    }
    x = try builder.linear(x, "dim_mapper", width, contextWidth)
    builder.output("context", x, [.symbol("batch"), .known(length), .known(contextWidth)])
    return builder.network()
  }
}

/// A head on the encoder's tokens: a weighted sum of the tokens, then a linear layer. DreamDiffusion has two of them:
/// `mapping` goes to CLIP's space, `cls_net` to classes.
public struct TokenHead: Sendable, Equatable {
  public var tokens: Int
  public var width: Int
  public var outputs: Int

  public init(tokens: Int = 128, width: Int = 1024, outputs: Int) {
    self.tokens = tokens
    self.width = width
    self.outputs = outputs
  }

  public static let mappingPrefix = "cond_stage_model.mapping."
  public static let classPrefix = "cond_stage_model.cls_net."

  /// - output: what the result is called, [N, outputs].
  public func network(_ ledger: WeightLedger, prefix: String, output: String) throws(GraphError) -> Network {
    var builder = NetworkBuilder(output, prefix: prefix, ledger: ledger)
    let tokens = builder.input("tokens", [.symbol("batch"), .known(tokens), .known(width)])
    // The name is the training program's; it is a convolution.
    let sum = try builder.conv(tokens, "maxpool", self.tokens, 1, kernel: [1])
    let flat = builder.node("Squeeze", [sum, builder.integers([1])], "squeeze")
    let result = try builder.linear(flat, "fc", width, outputs)
    builder.output(output, result, [.symbol("batch"), .known(outputs)])
    return builder.network()
  }
}
