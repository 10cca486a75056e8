import OneiroGraph

/// Low-rank changes to the weights of a U-Net (https://arxiv.org/abs/2106.09685), as the training programs kohya and
/// diffusers write them to a file.
///
///     W + scale · alpha/rank · up·down
public struct LoRA: Sendable {
  /// What messages call it: its path.
  public let source: String
  /// Keys for the text encoder, which are not used, sorted.
  public let unused: [String]
  /// By what they change, as the file's keys say it.
  let updates: [LoRAKey.Module: LowRankUpdate]

  /// How many weights of the U-Net it changes.
  public var changeCount: Int { updates.count }

  /// Reads the keys and the small numbers of the file, and checks that what belongs together is there and fits.
  public init(_ checkpoint: Checkpoint) throws(GraphError) {
    source = checkpoint.source
    var unused: [String] = []
    var parts: [LoRAKey.Module: [LoRAKey.Role: LowRankUpdate.Part]] = [:]
    for (key, tensor) in checkpoint.tensors.sorted(by: { $0.key < $1.key }) {
      if LoRAKey.isForTextEncoder(key) {
        unused.append(key)
        continue
      }
      guard let meaning = LoRAKey(key) else {
        throw .mismatch(
          file: source, "key \"\(key)\"",
          expected: "a key of a LoRA, such as \"….lora_up.weight\" or \"….lora_B.weight\"",
          found: "another kind")
      }
      let part = LowRankUpdate.Part(key: key, tensor: tensor)
      if let other = parts[meaning.module, default: [:]].updateValue(part, forKey: meaning.role) {
        throw .mismatch(
          file: source, "key \"\(key)\"", expected: "one key for each part of a change", found: "also \"\(other.key)\"")
      }
    }
    self.unused = unused
    let settings = try PEFTSettings(checkpoint)
    var updates: [LoRAKey.Module: LowRankUpdate] = [:]
    // The one with the first key first, so that the same file always gives the same message.
    for (module, parts) in parts.sorted(by: { Self.firstKey($0.value) < Self.firstKey($1.value) }) {
      do {
        updates[module] = try LowRankUpdate(parts, settings: settings)
      } catch {
        throw error.located(in: source)
      }
    }
    self.updates = updates
  }

  private static func firstKey(_ parts: [LoRAKey.Role: LowRankUpdate.Part]) -> String {
    parts.values.map(\.key).min() ?? ""
  }
}

/// What PEFT states beside the tensors about the changes of a U-Net, where a file has no alphas.
struct PEFTSettings {
  /// `nil`: the rank.
  var alpha: Double?
  /// The change is divided by the root of the rank, not by the rank.
  var dividesByRoot = false

  init(_ checkpoint: Checkpoint) throws(GraphError) {
    guard case .string(let json)? = checkpoint.settings["lora_adapter_metadata"] else { return }
    let file = try ConfigurationFile(Array(json.utf8), name: "\(checkpoint.source): lora_adapter_metadata")
    try file.require("unet.use_dora", isOneOf: .bool(false))
    try file.require("unet.fan_in_fan_out", isOneOf: .bool(false))
    try file.require("unet.alpha_pattern", isOneOf: .dictionary([:]))
    alpha = try file.number("unet.lora_alpha")
    dividesByRoot = try file.bool("unet.use_rslora") ?? false
  }
}
