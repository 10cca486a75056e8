import OneiroGraph
import OneiroModel
import Testing

/// Files that are no LoRA, or none for this U-Net: the message names the key, what was expected and what was found.
@Suite struct BadLoRATests {
  typealias Tensors = [String: CheckpointTensor]
  private static let key = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
  private static let query = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"

  private static func shape(_ dims: [Int]) -> CheckpointTensor { DiffusersNamesTests.shape(dims) }

  private static func pair(_ down: [Int], _ up: [Int]) -> Tensors {
    ["\(key).lora_down.weight": shape(down), "\(key).lora_up.weight": shape(up)]
  }

  private static func number(_ value: Float) -> CheckpointTensor { CheckpointTensor(Tensor(scalar: value)) }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var tensors: Tensors
    var scale = 1.0
    let text: String
  }

  static let cases: [Case] = [
    Case(
      testDescription: "another kind of key", tensors: ["\(key).hada_w1_a": shape([2, 5])],
      text: """
        key "\(key).hada_w1_a": expected a key of a LoRA, such as "….lora_up.weight" or "….lora_B.weight", \
        found another kind
        """),
    Case(
      testDescription: "no module of the U-Net",
      tensors: [
        "unet.down_blocks.9.odd.lora_A.weight": shape([2, 5]), "unet.down_blocks.9.odd.lora_B.weight": shape([6, 2]),
      ],
      text: """
        key "unet.down_blocks.9.odd.lora_A.weight": expected the name of a module of the U-Net that has a weight, \
        found none of its names
        """),
    Case(
      testDescription: "no up", tensors: ["\(key).lora_down.weight": shape([2, 5])],
      text: "key \"\(key).lora_down.weight\": expected a down and an up weight for this module, found no up"),
    Case(
      testDescription: "alpha alone", tensors: ["\(key).alpha": number(1)],
      text: "key \"\(key).alpha\": expected a down and an up weight for this module, found no down and up"),
    Case(
      testDescription: "ranks differ", tensors: pair([2, 5], [6, 3]),
      text: """
        key "\(key).lora_up.weight": expected shape [out, 2] or [out, 2, 1, 1] because "\(key).lora_down.weight" has \
        shape [2, 5], found [6, 3]
        """),
    Case(
      testDescription: "rank 0", tensors: pair([0, 5], [6, 0]),
      text: """
        key "\(key).lora_down.weight": expected shape [rank, in, ...] with a rank from 1 up, found [0, 5]
        """),
    Case(
      testDescription: "a vector", tensors: pair([2], [6, 2]),
      text: "key \"\(key).lora_down.weight\": expected shape [rank, in, ...] with a rank from 1 up, found [2]"),
    Case(
      testDescription: "other inputs", tensors: pair([2, 7], [6, 2]),
      text: """
        key "\(key).lora_down.weight": expected shape [2, 5] because "\(query)" has shape [6, 5], found [2, 7]
        """),
    Case(
      testDescription: "a kernel for a linear layer", tensors: pair([2, 5, 3, 3], [6, 2]),
      text: """
        key "\(key).lora_down.weight": expected shape [2, 5] because "\(query)" has shape [6, 5], found [2, 5, 3, 3]
        """),
    Case(
      testDescription: "other outputs", tensors: pair([2, 5], [8, 2]),
      text: """
        key "\(key).lora_up.weight": expected shape [6, 2] because "\(query)" has shape [6, 5], found [8, 2]
        """),
    Case(
      testDescription: "a middle of another rank",
      tensors: pair([2, 5], [6, 2]).merging(["\(key).lora_mid.weight": shape([2, 3, 3, 3])]) { $1 },
      text: """
        key "\(key).lora_mid.weight": expected shape [2, 2, height, width] because "\(key).lora_down.weight" has \
        shape [2, 5], found [2, 3, 3, 3]
        """),
    Case(
      testDescription: "a middle for a linear layer",
      tensors: pair([2, 5], [6, 2]).merging(["\(key).lora_mid.weight": shape([2, 2, 3, 3])]) { $1 },
      text: """
        key "\(key).lora_down.weight": expected shape [2, 5] because "\(query)" has shape [6, 5], \
        found [2, 5, 3, 3], with "\(key).lora_mid.weight"
        """),
    Case(
      testDescription: "alpha is infinite",
      tensors: pair([2, 5], [6, 2]).merging(["\(key).alpha": number(.infinity)]) { $1 },
      text: "key \"\(key).alpha\": expected a finite number, found inf"),
    Case(
      testDescription: "alpha is NaN", tensors: pair([2, 5], [6, 2]).merging(["\(key).alpha": number(.nan)]) { $1 },
      text: "key \"\(key).alpha\": expected a finite number, found nan"),
    Case(
      testDescription: "many alphas", tensors: pair([2, 5], [6, 2]).merging(["\(key).alpha": shape([2])]) { $1 },
      text: "key \"\(key).alpha\": expected a single number, found float[2]"),
    Case(
      testDescription: "integers",
      tensors: [
        "\(key).lora_down.weight": CheckpointTensor(Tensor([Int8](repeating: 1, count: 10), dims: [2, 5])),
        "\(key).lora_up.weight": shape([6, 2]),
      ],
      text: "key \"\(key).lora_down.weight\": expected floating-point numbers, found int8"),
    Case(
      testDescription: "no finite scale", tensors: pair([2, 5], [6, 2]), scale: .nan,
      text: "key \"\(key).lora_down.weight\": expected a finite scale · alpha/rank, found nan · 1.0"),
    Case(
      testDescription: "one weight under two names",
      tensors: pair([2, 5], [6, 2]).merging([
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight": shape([2, 5]),
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_B.weight": shape([6, 2]),
      ]) { $1 },
      text: """
        key "\(key).lora_down.weight": expected one change of "\(query)", found also \
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight"
        """),
    Case(
      testDescription: "one part twice",
      tensors: ["mid_block.odd.lora_A.weight": shape([2, 5]), "unet.mid_block.odd.lora_A.weight": shape([2, 5])],
      text: """
        key "unet.mid_block.odd.lora_A.weight": expected one key for each part of a change, \
        found also "mid_block.odd.lora_A.weight"
        """),
    Case(
      testDescription: "a shape that overflows", tensors: pair([2, .max, .max], [6, 2]),
      text: """
        key "\(key).lora_down.weight": expected a shape whose elements can be counted, \
        found [2, \(Int.max), \(Int.max)]
        """),
  ]

  @Test(arguments: cases)
  func badFiles(_ bad: Case) {
    let text = message {
      _ = try LoRA.merge(
        [(try LoRA(Checkpoint(source: "bad.safetensors", tensors: bad.tensors)), bad.scale)], into: LoRATests.base())
    }
    #expect(text == "bad.safetensors: \(bad.text)")
  }

  @Test(arguments: [
    ("{\"unet.use_dora\": true}", "unet.use_dora: expected false, found true"),
    ("{\"unet.alpha_pattern\": {\"to_q\": 2}}", "unet.alpha_pattern: expected {}, found {\"to_q\": 2}"),
    ("{\"unet.lora_alpha\": \"8\"}", "unet.lora_alpha: expected a number, found \"8\""),
    ("[", "expected a JSON object, found 1 bytes that are none"),
  ])
  func badSettings(json: String, text: String) {
    let checkpoint = Checkpoint(
      source: "bad.safetensors", tensors: Self.pair([2, 5], [6, 2]),
      settings: .dictionary(["lora_adapter_metadata": .string(json)]))
    #expect(message { _ = try LoRA(checkpoint) } == "bad.safetensors: lora_adapter_metadata: \(text)")
  }

  @Test func aNameThatMayMeanTwoWeightsIsRefused() {
    let base = Dictionary(
      uniqueKeysWithValues: ["a.b_c", "a.b.c"].map { ("model.diffusion_model.\($0).weight", Self.shape([6, 5])) })
    let tensors = [
      "lora_unet_a_b_c.lora_down.weight": Self.shape([2, 5]), "lora_unet_a_b_c.lora_up.weight": Self.shape([6, 2]),
    ]
    let text = message {
      _ = try LoRA.merge([(try LoRA(Checkpoint(source: "bad.safetensors", tensors: tensors)), 1)], into: base)
    }
    #expect(
      text == """
        bad.safetensors: key "lora_unet_a_b_c.lora_down.weight": expected the name of a module of the U-Net that has a \
        weight, found "model.diffusion_model.a.b.c.weight" and "model.diffusion_model.a.b_c.weight"
        """)
  }
}
