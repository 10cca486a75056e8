import OneiroGraph
import OneiroModel

/// What an import starts from: the tensors of one or several checkpoints by the original programs' names, and what lay
/// beside them.
public struct ImportSource: Sendable {
  public var checkpoint: Checkpoint
  /// Configurations that stand in files of their own, where the source is a diffusers folder.
  public var diffusers: DiffusersConfigurations?

  public init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  /// - paths: checkpoint files, and folders as diffusers saves them.
  /// - isAveraged: takes the moving averages of the weights that a checkpoint keeps.
  public init(_ paths: [String], isAveraged: Bool = false) throws(DreamError) {
    var checkpoints: [Checkpoint] = []
    do throws(GraphError) {
      for path in paths {
        if FileKind.isFolder(path) {
          let folder = try DiffusersFolder(path)
          checkpoints.append(try folder.checkpoint())
          let own = try DiffusersConfigurations(folder)
          diffusers = diffusers?.filled(from: own) ?? own
        } else {
          checkpoints.append(try Checkpoint.read(path))
        }
      }
      checkpoint = try Checkpoint.joined(checkpoints)
      if isAveraged { checkpoint = try EMANames.averaged(checkpoint) }
    } catch {
      throw .graph(error)
    }
  }

  /// Adds LoRAs to the noise predictor's weights.
  /// - Returns: keys of each file that change something else, such as a text encoder.
  public mutating func merge(_ files: [(path: String, scale: Double)]) throws(DreamError) -> [String] {
    var loras: [(lora: LoRA, scale: Double)] = []
    do throws(GraphError) {
      for file in files {
        let lora = try LoRA(try Checkpoint.read(file.path))
        guard lora.changeCount > 0 else {
          throw .mismatch(
            file: file.path, nil, expected: "changes of a U-Net's weights",
            found: "\(lora.unused.count) tensors, all for a text encoder")
        }
        loras.append((lora, file.scale))
      }
      checkpoint.tensors = try LoRA.merge(loras, into: checkpoint.tensors)
    } catch {
      throw .graph(error)
    }
    return loras.flatMap { lora, _ in lora.unused.map { "\(lora.source): \($0)" } }
  }
}

extension ImportSource {
  /// What latents were multiplied with for the noise predictor: as the autoencoder's configuration or the checkpoint
  /// says, or else Stable Diffusion's number.
  public func latentScale() throws(DreamError) -> Double {
    if let scale = diffusers?.latentScale { return scale }
    return try SchedulerConstants.latentScale(of: checkpoint)
  }
}

extension DiffusersFolder {
  /// The tensors of all parts by the original programs' names. A name that has no counterpart there stays as it is,
  /// with the part in front.
  fileprivate func checkpoint() throws(GraphError) -> Checkpoint {
    var tensors: [String: CheckpointTensor] = [:]
    for (part, label) in [(unet, "unet"), (vae, "vae"), (imageEncoder, "image_encoder")] {
      guard let part else { continue }
      let own = try part.tensors { (path) throws(GraphError) in try Checkpoint.read(path) }
      let names =
        switch label {
        case "unet": DiffusersNames.unet(diffusers: own.keys)
        case "vae": DiffusersNames.vae(diffusers: own.keys)
        default: DiffusersNames.imageEncoder
        }
      var renamed = try names.canonical(own, source: "\(path)/\(label)")
      for name in renamed.unknown {
        if let tensor = renamed.tensors.removeValue(forKey: name) { renamed.tensors["\(label).\(name)"] = tensor }
      }
      tensors.merge(renamed.tensors) { own, _ in own }
    }
    return Checkpoint(source: path, tensors: tensors)
  }
}

extension Checkpoint {
  /// The tensors of several checkpoints as one, such as Stable Diffusion and an encoder that was pre-trained by itself.
  /// A pre-training checkpoint has its encoder's names without a prefix; beside a noise predictor they get the prefix
  /// that fine-tuning gives them, and its decoder is left out.
  /// - Throws: when two of them have a tensor of one name.
  fileprivate static func joined(_ checkpoints: [Checkpoint]) throws(GraphError) -> Checkpoint {
    guard var result = checkpoints.first else { preconditionFailure("no checkpoint") }
    guard checkpoints.count > 1 else { return result }
    result.tensors = [:]
    var owners: [String: String] = [:]
    for checkpoint in checkpoints {
      let tensors = checkpoint.isPretraining ? checkpoint.pretrainedEncoder : checkpoint.tensors
      for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
        if let owner = owners.updateValue(checkpoint.source, forKey: name) {
          throw .mismatch(
            file: checkpoint.source, "tensor \"\(name)\"", expected: "a name that no other checkpoint has",
            found: "one that \(owner) has")
        }
        result.tensors[name] = tensor
      }
      if checkpoint.hasEncoder { result.settings = checkpoint.settings }
    }
    result.source = checkpoints.map(\.source).joined(separator: " + ")
    return result
  }

  /// Whether it has the EEG encoder, of which its settings tell what no tensor does.
  private var hasEncoder: Bool { isPretraining || tensors.keys.contains { $0.hasPrefix(EEGEncoder.prefix) } }

  private var isPretraining: Bool {
    tensors["decoder_embed.weight"] != nil && tensors["patch_embed.proj.weight"] != nil
  }

  private var pretrainedEncoder: [String: CheckpointTensor] {
    var result: [String: CheckpointTensor] = [:]
    for (name, tensor) in tensors where !name.hasPrefix("decoder_") && name != "mask_token" {
      result[EEGEncoder.prefix + name] = tensor
    }
    return result
  }
}
