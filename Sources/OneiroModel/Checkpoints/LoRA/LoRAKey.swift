/// What a key of a LoRA file says: which module's weight it changes, and which part of the change it holds.
///
///     lora_unet_mid_block_attentions_0_proj_in.lora_down.weight           kohya; also with the original's block names
///     unet.mid_block.attentions.0.proj_in.lora_A.weight                   diffusers with PEFT, also without "unet."
///     mid_block.….attn1.processor.to_q_lora.down.weight                   diffusers before that
struct LoRAKey {
  enum Role: String {
    /// [rank,in] or [rank,in,height,width], applied first.
    case down
    /// [out,rank] or [out,rank,1,1], applied last.
    case up
    /// [rank,rank,height,width], between the two, where `down` is a 1x1 convolution.
    case middle
    /// A number: the change is divided by the rank and multiplied with it.
    case alpha
  }
  enum Module: Hashable {
    /// "mid_block.attentions.0.proj_in"
    case path(String)
    /// The same with underscores for dots, after "lora_unet_".
    case underscored(String)
  }
  let module: Module
  let role: Role

  /// `nil` for a key that is none of these.
  init?(_ key: String) {
    guard let (ending, role) = Self.endings.first(where: { key.hasSuffix($0.0) }) else { return nil }
    self.role = role
    var path = key.dropLast(ending.count)
    if path.hasPrefix("lora_unet_") {
      module = .underscored(String(path.dropFirst("lora_unet_".count)))
      return
    }
    for prefix in ["base_model.model.", "unet.", "model.diffusion_model.", "diffusion_model."]
    where path.hasPrefix(prefix) { path = path.dropFirst(prefix.count) }
    var components = path.split(separator: ".", omittingEmptySubsequences: false)
    if components.count > 1, components[components.count - 2] == "processor" {
      components.remove(at: components.count - 2)
    }
    // The old names leave out that the layer is the first of a list.
    if components.last == "to_out" { components.append("0") }
    module = .path(components.joined(separator: "."))
  }

  private static let endings: [(String, Role)] = [
    (".lora_down.weight", .down), (".lora_up.weight", .up), (".lora_mid.weight", .middle),
    (".lora_A.weight", .down), (".lora_B.weight", .up),
    (".lora_A.default.weight", .down), (".lora_B.default.weight", .up),
    (".lora.down.weight", .down), (".lora.up.weight", .up),
    (".lora_linear_layer.down.weight", .down), (".lora_linear_layer.up.weight", .up),
    ("_lora.down.weight", .down), ("_lora.up.weight", .up),
    (".lora.alpha", .alpha), ("_lora.alpha", .alpha), (".alpha", .alpha),
  ]

  /// Keys for a text encoder, which a U-Net that is conditioned on EEG does not have.
  static func isForTextEncoder(_ key: String) -> Bool {
    ["lora_te_", "lora_te1_", "lora_te2_", "text_encoder.", "text_encoder_2."].contains(where: key.hasPrefix)
  }
}
