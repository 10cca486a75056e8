import OneiroGraph
import OneiroModel

/// What an import makes of the tensors of a checkpoint: the networks that it found, and the tensors that have no place.
public struct CheckpointContents: Sendable {
  /// By role, in the order of a pipeline.
  public let networks: [(role: String, network: Network)]
  /// Tensors that a network needs and the checkpoint has not, with their shapes.
  public let missing: [(name: String, dims: [Int])]
  /// Tensors that no network reads and that are not known to be superfluous.
  public let unknown: [String]
  /// How many tensors are of no use here, by what they are.
  public let unneeded: [(what: String, count: Int)]
  public let configuration: ModelConfiguration

  /// - checkpoint: by the names of CompVis and DreamDiffusion.
  /// - generator: makes what is missing; without one, what is missing has no elements to read.
  public init(
    _ checkpoint: Checkpoint, configuration: ModelConfiguration, generator: GeneratedWeights = GeneratedWeights()
  ) throws(DreamError) {
    let ledger = WeightLedger(checkpoint, generator: generator)
    var networks: [(role: String, network: Network)] = []
    do throws(GraphError) {
      for part in PipelinePart.all {
        if let network = try Self.network(part.role, configuration, ledger, checkpoint) {
          networks.append((part.role, network))
        }
      }
    } catch {
      throw .graph(error)
    }
    self.networks = networks
    self.configuration = configuration
    missing = ledger.missing
    var counts: [String: Int] = [:], unknown: [String] = []
    for name in ledger.untaken {
      if let kind = UnneededTensors.kind(of: name) { counts[kind, default: 0] += 1 } else { unknown.append(name) }
    }
    self.unknown = unknown
    unneeded = counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func network(
    _ role: String, _ configuration: ModelConfiguration, _ ledger: WeightLedger, _ checkpoint: Checkpoint
  ) throws(GraphError) -> Network? {
    func positionRows(_ prefix: String) -> Int? {
      checkpoint.tensors["\(prefix)pos_embed"].flatMap { $0.dims.count == 3 && $0.dims[1] > 1 ? $0.dims[1] : nil }
    }
    switch role {
    case "eeg_encoder":
      if let encoder = configuration.eegEncoder {
        return try encoder.network(ledger, positionRows: positionRows(EEGEncoder.prefix))
      }
      return try configuration.maskedSignalModel?.encoder.network(ledger, prefix: "", positionRows: positionRows(""))
    case "conditioner": return try configuration.conditioner?.network(ledger)
    case "clip_projector":
      return try configuration.clipProjector?.network(ledger, prefix: TokenHead.mappingPrefix, output: "embedding")
    case "eeg_classifier":
      return try configuration.eegClassifier?.network(ledger, prefix: TokenHead.classPrefix, output: "eeg_logits")
    case "unet": return try configuration.unet?.network(ledger)
    case "vae_decoder": return try configuration.autoencoder?.decoderNetwork(ledger)
    case "vae_encoder": return try configuration.autoencoder?.encoderNetwork(ledger)
    case "clip_image_encoder": return try configuration.clipImageEncoder?.network(ledger, takes: .picture)
    case "masked_eeg_encoder": return try configuration.maskedSignalModel?.encoderNetwork(ledger)
    case "signal_decoder": return try configuration.maskedSignalModel?.decoderNetwork(ledger)
    default: return nil
    }
  }
}
