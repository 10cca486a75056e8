import OneiroGraph
import OneiroModel

/// What the configuration files of a diffusers folder say of its networks.
public struct DiffusersConfigurations: Sendable {
  private var unet: UNetConfiguration?
  private var vae: VAEConfiguration?
  private var imageEncoder: ImageEncoderConfiguration?
  private var schedulerFile: String?
  /// Of the folder with the noise predictor.
  private var path: String

  init(_ folder: DiffusersFolder) throws(GraphError) {
    unet = try Self.read(folder.unet) { (path) throws(GraphError) in try UNetConfiguration(contentsOf: path) }
    vae = try Self.read(folder.vae) { (path) throws(GraphError) in try VAEConfiguration(contentsOf: path) }
    imageEncoder = try Self.read(folder.imageEncoder) { (path) throws(GraphError) in
      try ImageEncoderConfiguration(contentsOf: path)
    }
    schedulerFile = folder.scheduler
    path = folder.path
  }

  private static func read<Configuration>(
    _ part: DiffusersFolder.Part?, _ body: (String) throws(GraphError) -> Configuration
  ) throws(GraphError) -> Configuration? {
    guard let file = part?.configuration else { return nil }
    return try body(file)
  }

  /// These, and what another folder says of parts that this one does not have.
  func filled(from other: DiffusersConfigurations) -> DiffusersConfigurations {
    var result = self
    if unet == nil { (result.unet, result.path) = (other.unet, other.path) }
    result.vae = vae ?? other.vae
    result.imageEncoder = imageEncoder ?? other.imageEncoder
    result.schedulerFile = schedulerFile ?? other.schedulerFile
    return result
  }

  /// What latents were multiplied with, as the autoencoder's file says.
  var latentScale: Double? { vae?.scalingFactor }

  /// The noise schedule of `scheduler/scheduler_config.json`; `nil` without that file.
  func scheduler(latentScale: Double) throws(DreamError) -> SchedulerConstants? {
    guard let schedulerFile else { return nil }
    return try SchedulerConstants(contentsOf: schedulerFile, latentScale: latentScale)
  }

  /// Puts what the files say in place of what cannot be read off tensors.
  func apply(to configuration: inout ModelConfiguration) throws(GraphError) {
    if let unet, var network = configuration.unet {
      network.groups = unet.groups
      network.epsilon = Float(unet.epsilon)
      try setHeads(unet.heads, of: &network)
      try check(unet, describes: network)
      configuration.unet = network
    }
    if let vae { configuration.autoencoder?.groups = vae.groups }
    if let imageEncoder {
      configuration.clipImageEncoder?.heads = imageEncoder.heads
      configuration.clipImageEncoder?.activation = imageEncoder.activation
      configuration.clipImageEncoder?.epsilon = Float(imageEncoder.epsilon)
    }
  }

  /// Whether the file is about the same network as the tensors.
  private func check(_ unet: UNetConfiguration, describes network: UNet) throws(GraphError) {
    let file = "\(path)/unet/config.json"
    let attends = network.factors.indices.map(network.attends)
    guard unet.downAttends == attends, unet.upAttends == attends.reversed() else {
      throw .mismatch(
        file: file, "levels with transformers", expected: "\(attends) because the tensors say so",
        found: "\(unet.downAttends), and \(unet.upAttends) on the way up")
    }
    guard unet.hasLinearProjection == network.projectsLinearly else {
      throw .mismatch(
        file: file, "use_linear_projection", expected: "\(network.projectsLinearly) because the tensors say so",
        found: "\(unet.hasLinearProjection)")
    }
  }

  /// The same number on every level, or heads of the same width.
  private func setHeads(_ heads: [Int], of network: inout UNet) throws(GraphError) {
    let widths = zip(network.factors, heads).map { network.channels * $0 / $1 }
    if heads.allSatisfy({ $0 == heads[0] }) {
      network.heads = heads[0]
    } else if heads.count == network.factors.count, widths.allSatisfy({ $0 == widths[0] }), widths[0] > 0 {
      network.headWidth = widths[0]
    } else {
      throw .mismatch(
        file: "\(path)/unet/config.json", "attention heads", expected: "one number, or heads of one width",
        found: "\(heads)")
    }
  }
}
