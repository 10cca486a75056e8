import OneiroGraph
import OneiroModel
import Testing

@Suite struct EMANamesTests {
  private static func value(_ value: Float, _ dims: [Int] = [1]) -> CheckpointTensor {
    CheckpointTensor(Tensor([Float](repeating: value, count: dims.reduce(1, *)), dims: dims))
  }

  @Test func dotsAreLeftOut() {
    #expect(
      EMANames.shadow(of: "model.diffusion_model.input_blocks.0.0.weight")
        == "model_ema.diffusion_modelinput_blocks00weight")
    #expect(EMANames.shadow(of: "first_stage_model.quant_conv.weight") == nil)
  }

  @Test func averagesTakeTheWeightsPlace() throws {
    let unet = try GoldenNames.tensors("unet").map(\.name)
    var tensors: [String: CheckpointTensor] = ["first_stage_model.quant_conv.weight": Self.value(-1)]
    for (index, name) in unet.enumerated() {
      tensors[name] = Self.value(0)
      tensors["model_ema." + name.dropFirst(6).replacing(".", with: "")] = Self.value(Float(index))
    }
    tensors["model_ema.decay"] = Self.value(0.9999)
    tensors["model_ema.num_updates"] = Self.value(3)
    let result = try EMANames.averaged(Checkpoint(source: "sd.ckpt", tensors: tensors))
    #expect(Set(result.tensors.keys) == Set(unet + ["first_stage_model.quant_conv.weight"]))
    for (index, name) in unet.enumerated() {
      #expect(try result.tensors[name]?.read().elements(of: Float.self) == [Float(index)])
    }
  }

  @Test(arguments: [
    (
      ["model.diffusion_model.a.1.10.w", "model.diffusion_model.a.11.0.w", "model_ema.diffusion_modela110w"],
      """
      sd.ckpt: tensor "model_ema.diffusion_modela110w": expected the average of one tensor, \
      found "model.diffusion_model.a.1.10.w" and "model.diffusion_model.a.11.0.w"
      """
    ),
    (
      ["model.diffusion_model.out.weight"],
      "sd.ckpt: expected averages of the weights, model_ema.*, found none in this checkpoint"
    ),
    (
      ["model.diffusion_model.out.weight", "model_ema.decay"],
      """
      sd.ckpt: tensor "model_ema.diffusion_modeloutweight": \
      expected the average of "model.diffusion_model.out.weight", found none
      """
    ),
    (
      ["model.diffusion_model.a", "model_ema.diffusion_modela", "model_ema.diffusion_modelb"],
      """
      sd.ckpt: tensor "model_ema.diffusion_modelb": expected the average of a tensor of the U-Net, \
      found no tensor of that name without its dots
      """
    ),
    (
      ["model_ema.decay"],
      "sd.ckpt: expected tensors of a U-Net, model.diffusion_model.*, found none"
    ),
  ])
  func whatDoesNotFitIsNamed(names: [String], text: String) {
    let tensors = Dictionary(uniqueKeysWithValues: names.map { ($0, Self.value(0)) })
    #expect(message { _ = try EMANames.averaged(Checkpoint(source: "sd.ckpt", tensors: tensors)) } == text)
  }

  @Test func anAverageOfAnotherShapeIsRefused() {
    let tensors = [
      "model.diffusion_model.a": Self.value(0, [2, 3]), "model_ema.diffusion_modela": Self.value(0, [3, 2]),
    ]
    #expect(
      message { _ = try EMANames.averaged(Checkpoint(source: "sd.ckpt", tensors: tensors)) } == """
        sd.ckpt: tensor "model_ema.diffusion_modela": expected shape [2, 3] because it is the average of \
        "model.diffusion_model.a", found [3, 2]
        """)
  }
}
