import OneiroGraph
import OneiroModel
import Testing

/// A small U-Net's weights under their canonical names, and LoRAs for them whose merged values are computed here again.
@Suite struct LoRATests {
  typealias Tensors = [String: CheckpointTensor]

  /// Multiples of 1/8 from -2 to 2, so that sums of a few products are exact in float32, and often in 16 bits.
  static func values(_ count: Int, seed: Int) -> [Float] {
    (0..<count).map { Float(($0 * 7 + seed * 5) % 33 - 16) / 8 }
  }

  static func tensor(_ dims: [Int], seed: Int, as type: ElementType = .float32) -> CheckpointTensor {
    CheckpointTensor(Tensor(type, doubles: values(dims.reduce(1, *), seed: seed).map(Double.init), dims: dims))
  }

  static let prefix = "model.diffusion_model."
  static let query = "input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"
  static let out = "input_blocks.1.1.transformer_blocks.0.attn1.to_out.0.weight"
  static let projection = "input_blocks.1.1.proj_in.weight"
  static let convolution = "input_blocks.1.0.in_layers.2.weight"

  static func base(_ type: ElementType = .float32) -> Tensors {
    [
      prefix + query: tensor([6, 5], seed: 1, as: type), prefix + out: tensor([5, 6], seed: 2, as: type),
      prefix + projection: tensor([6, 5, 1, 1], seed: 3, as: type),
      prefix + convolution: tensor([4, 5, 3, 2], seed: 4, as: type),
      "first_stage_model.quant_conv.weight": tensor([1], seed: 5),
    ]
  }

  static func lora(_ tensors: Tensors, settings: CheckpointValue = .dictionary([:])) throws -> LoRA {
    try LoRA(Checkpoint(source: "style.safetensors", tensors: tensors, settings: settings))
  }

  /// Reads a merged weight.
  static func merged(_ name: String, _ loras: [(LoRA, Double)], into base: Tensors = base()) throws -> Tensor {
    let tensors = try LoRA.merge(loras.map { (lora: $0.0, scale: $0.1) }, into: base)
    #expect(Set(tensors.keys) == Set(base.keys))
    return try #require(tensors[prefix + name]).read()
  }

  /// W + factor · up·down of [out,in·k] matrices, one element at a time.
  static func expected(_ weight: CheckpointTensor, up: [Double], down: [Double], rank: Int, factor: Double) throws
    -> [Double]
  {
    let columns = down.count / rank
    return try weight.read().doubles().enumerated().map { index, value in
      var sum = 0.0
      for r in 0..<rank { sum += up[index / columns * rank + r] * down[r * columns + index % columns] }
      return value + factor * sum
    }
  }

  // MARK: Namings

  static let namings: [(name: String, keys: [String])] = {
    let path = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out"
    let underscored = path.replacing(".", with: "_")
    return [
      ("kohya", ["lora_unet_\(underscored)_0.lora_down.weight", "lora_unet_\(underscored)_0.lora_up.weight"]),
      (
        "kohya on the original's names",
        ["lora_down", "lora_up"].map {
          "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_out_0.\($0).weight"
        }
      ),
      ("PEFT", ["unet.\(path).0.lora_A.weight", "unet.\(path).0.lora_B.weight"]),
      ("PEFT, bare", ["\(path).0.lora_A.weight", "\(path).0.lora_B.weight"]),
      (
        "PEFT, saved by itself",
        ["base_model.model.\(path).0.lora_A.default.weight", "base_model.model.\(path).0.lora_B.default.weight"]
      ),
      ("diffusers", ["unet.\(path).0.lora.down.weight", "unet.\(path).0.lora.up.weight"]),
      (
        "diffusers, processors",
        [
          "down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora.down.weight",
          "down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora.up.weight",
        ]
      ),
      (
        "diffusers, processors with unet",
        ["down", "up"].map {
          "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora.\($0).weight"
        }
      ),
    ]
  }()

  @Test(arguments: namings.indices)
  func everyNamingGivesTheSame(_ index: Int) throws {
    let keys = Self.namings[index].keys
    let down = Self.tensor([3, 6], seed: 7), up = Self.tensor([5, 3], seed: 8)
    let lora = try Self.lora([keys[0]: down, keys[1]: up])
    let result = try Self.merged(Self.out, [(lora, 0.5)])
    let weight = Self.base()[Self.prefix + Self.out]!
    let expected = try Self.expected(
      weight, up: up.read().doubles(), down: down.read().doubles(), rank: 3, factor: 0.5)
    #expect(result.doubles() == expected, "\(Self.namings[index].name)")
    #expect(
      try Self.merged(Self.query, [(lora, 0.5)]).doubles() == Self.base()[Self.prefix + Self.query]!.read().doubles())
  }

  @Test func namesOfSD15AreFound() throws {
    let names = try GoldenNames.diffusers("unet").filter { $0.dims.count > 1 }
    var base: Tensors = [:], kohya: Tensors = [:], peft: Tensors = [:]
    for name in names {
      base[name.canonical] = DiffusersNamesTests.shape(name.dims)
      let module = name.diffusers.dropLast(".weight".count)
      for (ending, other, dims) in [
        ("lora_down", "lora_A", [2] + name.dims.dropFirst()), ("lora_up", "lora_B", [name.dims[0], 2]),
      ] {
        kohya["lora_unet_\(module.replacing(".", with: "_")).\(ending).weight"] = DiffusersNamesTests.shape(dims)
        peft["unet.\(module).\(other).weight"] = DiffusersNamesTests.shape(dims)
      }
    }
    for tensors in [kohya, peft] {
      let merged = try LoRA.merge([(try Self.lora(tensors), 1)], into: base)
      #expect(merged.mapValues(\.dims) == base.mapValues(\.dims))
    }
  }

  // MARK: Values

  @Test(arguments: [[6.0], [0], [-1.5]])
  func alphaIsDividedByTheRank(alpha: [Double]) throws {
    let down = Self.tensor([4, 5], seed: 7), up = Self.tensor([6, 4], seed: 8)
    let key = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    for dims in [[], [1]] {
      let lora = try Self.lora([
        "\(key).lora_down.weight": down, "\(key).lora_up.weight": up,
        "\(key).alpha": CheckpointTensor(Tensor(.float16, doubles: alpha, dims: dims)),
      ])
      let expected = try Self.expected(
        Self.base()[Self.prefix + Self.query]!, up: up.read().doubles(), down: down.read().doubles(), rank: 4,
        factor: 2 * alpha[0] / 4)
      #expect(try Self.merged(Self.query, [(lora, 2)]).doubles() == expected)
    }
  }

  /// Seven ranks: a block of four, and three.
  @Test(arguments: [([7, 5, 3, 2], [4, 7, 1, 1]), ([7, 5, 3, 2], [4, 7])])
  func convolutions(down: [Int], up: [Int]) throws {
    let down = Self.tensor(down, seed: 9), up = Self.tensor(up, seed: 10)
    let lora = try Self.lora([
      "unet.down_blocks.0.resnets.0.conv1.lora_A.weight": down, "unet.down_blocks.0.resnets.0.conv1.lora_B.weight": up,
    ])
    let result = try Self.merged(Self.convolution, [(lora, 1)])
    #expect(result.dims == [4, 5, 3, 2])
    #expect(
      try result.doubles()
        == Self.expected(
          Self.base()[Self.prefix + Self.convolution]!, up: up.read().doubles(), down: down.read().doubles(), rank: 7,
          factor: 1))
  }

  @Test(arguments: [([3, 5], [6, 3]), ([3, 5, 1, 1], [6, 3, 1, 1]), ([1, 5, 1, 1], [6, 1])])
  func pointwiseConvolutionsAndLinearLayersAreTheSame(down: [Int], up: [Int]) throws {
    let rank = down[0]
    let down = Self.tensor(down, seed: 9), up = Self.tensor(up, seed: 10)
    for (path, name) in [
      ("proj_in", Self.projection), ("transformer_blocks.0.attn1.to_q", Self.query),
    ] {
      let lora = try Self.lora([
        "down_blocks.0.attentions.0.\(path).lora_A.weight": down,
        "down_blocks.0.attentions.0.\(path).lora_B.weight": up,
      ])
      #expect(
        try Self.merged(name, [(lora, 1)]).doubles()
          == Self.expected(
            Self.base()[Self.prefix + name]!, up: up.read().doubles(), down: down.read().doubles(), rank: rank,
            factor: 1))
    }
  }

  @Test func aConvolutionInTheMiddle() throws {
    let key = "lora_unet_input_blocks_1_0_in_layers_2", rank = 2, area = 3 * 2
    let down = Self.tensor([rank, 5, 1, 1], seed: 9), up = Self.tensor([4, rank, 1, 1], seed: 10)
    let middle = Self.tensor([rank, rank, 3, 2], seed: 11)
    let lora = try Self.lora([
      "\(key).lora_down.weight": down, "\(key).lora_up.weight": up, "\(key).lora_mid.weight": middle,
      "\(key).alpha": CheckpointTensor(Tensor(scalar: Float(1))),
    ])
    let (d, u, m) = try (down.read().doubles(), up.read().doubles(), middle.read().doubles())
    var expected = try Self.base()[Self.prefix + Self.convolution]!.read().doubles()
    for index in expected.indices {
      let (row, channel, place) = (index / (5 * area), index / area % 5, index % area)
      for a in 0..<rank {
        for b in 0..<rank {
          expected[index] += 0.5 * u[row * rank + a] * m[(a * rank + b) * area + place] * d[b * 5 + channel]
        }
      }
    }
    #expect(try Self.merged(Self.convolution, [(lora, 1)]).doubles() == expected)
  }

  @Test func severalAddUp() throws {
    let path = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    let (down1, up1) = (Self.tensor([2, 5], seed: 1), Self.tensor([6, 2], seed: 2))
    let (down2, up2) = (Self.tensor([3, 5], seed: 3), Self.tensor([6, 3], seed: 4))
    let one = try Self.lora(["\(path).lora_A.weight": down1, "\(path).lora_B.weight": up1])
    let other = try Self.lora(["\(path).lora_A.weight": down2, "\(path).lora_B.weight": up2])
    let first = try Self.expected(
      Self.base()[Self.prefix + Self.query]!, up: up1.read().doubles(), down: down1.read().doubles(), rank: 2,
      factor: 0.5)
    let both = try Self.expected(
      CheckpointTensor(Tensor(first, dims: [6, 5])), up: up2.read().doubles(), down: down2.read().doubles(), rank: 3,
      factor: -0.25)
    #expect(try Self.merged(Self.query, [(one, 0.5), (other, -0.25)]).doubles() == both)
  }

  @Test(arguments: [ElementType.float16, .bfloat16, .float32, .float64], [ElementType.float16, .bfloat16, .float32])
  func elementTypes(weight: ElementType, lora: ElementType) throws {
    let path = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    let down = Self.tensor([3, 5], seed: 1, as: lora), up = Self.tensor([6, 3], seed: 2, as: lora)
    let base = Self.base(weight)
    let result = try Self.merged(
      Self.query, [(Self.lora(["\(path).lora_A.weight": down, "\(path).lora_B.weight": up]), 1)], into: base)
    #expect(result.elementType == weight)
    let expected = try Self.expected(
      base[Self.prefix + Self.query]!, up: up.read().doubles(), down: down.read().doubles(), rank: 3, factor: 1)
    #expect(result.doubles() == Tensor(weight, doubles: expected, dims: [6, 5]).doubles())
  }

  /// Wider than a tile, so that one ends within a row.
  @Test func wideWeights() throws {
    let path = "down_blocks.0.resnets.0.conv1", dims = [3, 130, 3, 3]
    let base = [Self.prefix + Self.convolution: Self.tensor(dims, seed: 3)]
    let down = Self.tensor([5] + dims.dropFirst(), seed: 1), up = Self.tensor([3, 5], seed: 2)
    let lora = try Self.lora(["\(path).lora_A.weight": down, "\(path).lora_B.weight": up])
    let expected = try Self.expected(
      base[Self.prefix + Self.convolution]!, up: up.read().doubles(), down: down.read().doubles(), rank: 5, factor: 1)
    #expect(try Self.merged(Self.convolution, [(lora, 1)], into: base).doubles() == expected)
  }

  // MARK: Settings and what is left over

  @Test(arguments: [(false, 5.0 / 4), (true, 5.0 / 2)])
  func settingsOfPEFT(dividesByRoot: Bool, factor: Double) throws {
    let path = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    let down = Self.tensor([4, 5], seed: 1), up = Self.tensor([6, 4], seed: 2)
    let json = """
      {"unet.lora_alpha": 5, "unet.r": 4, "unet.alpha_pattern": {}, "unet.use_rslora": \(dividesByRoot), \
      "unet.use_dora": false, "unet.target_modules": ["to_q"]}
      """
    let lora = try Self.lora(
      ["\(path).lora_A.weight": down, "\(path).lora_B.weight": up],
      settings: .dictionary(["lora_adapter_metadata": .string(json), "format": .string("pt")]))
    let expected = try Self.expected(
      Self.base()[Self.prefix + Self.query]!, up: up.read().doubles(), down: down.read().doubles(), rank: 4,
      factor: factor)
    #expect(try Self.merged(Self.query, [(lora, 1)]).doubles() == expected)
  }

  @Test func keysOfTheTextEncoderAreReported() throws {
    let keys = ["lora_te_text_model_encoder_layers_0_mlp_fc1.alpha", "text_encoder.text_model.odd.lora_A.weight"]
    let lora = try Self.lora([keys[0]: Self.tensor([], seed: 1), keys[1]: Self.tensor([2, 3], seed: 1)])
    #expect(lora.unused == keys && lora.changeCount == 0)
  }

  @Test func onlyReadWeightsAreComputed() throws {
    let path = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    let lora = try Self.lora([
      "\(path).lora_A.weight": DiffusersNamesTests.shape([2, 5]),
      "\(path).lora_B.weight": DiffusersNamesTests.shape([6, 2]),
    ])
    let merged = try LoRA.merge([(lora, 1)], into: Self.base())
    #expect(merged[Self.prefix + Self.query]?.dims == [6, 5])
    #expect(message { _ = try merged[Self.prefix + Self.query]?.read() } == "was read")
  }
}
