import FoundationEssentials
import OneiroGraph
import OneiroModel

/// The files that a pipeline is bundled from.
public struct PartFiles: Sendable {
  /// The ONNX file of each role.
  public var parts: [String: String]
  /// A `scheduler.json`; needed when there is a noise predictor.
  public var schedulerFile: String?
  /// `config.json` of an exported noise predictor and autoencoder: they say what their scheduler's file does not, the
  /// latent's shape and scale.
  public var unetConfiguration: String?
  public var autoencoderConfiguration: String?
  /// A `preparation.json`: how recordings are prepared; see `PreparationSettings`.
  public var preparationFile: String?

  public init(
    parts: [String: String], schedulerFile: String? = nil, unetConfiguration: String? = nil,
    autoencoderConfiguration: String? = nil, preparationFile: String? = nil
  ) {
    self.parts = parts
    self.schedulerFile = schedulerFile
    self.unetConfiguration = unetConfiguration
    self.autoencoderConfiguration = autoencoderConfiguration
    self.preparationFile = preparationFile
  }

  private struct UNetFile: Decodable {
    var in_channels: Int?
    var sample_size: Int?
  }

  private struct AutoencoderFile: Decodable {
    var scaling_factor: Double?
  }

  func scheduler() throws(DreamError) -> SchedulerConstants? {
    guard let schedulerFile else { return nil }
    let autoencoder = try read(AutoencoderFile.self, autoencoderConfiguration)
    var constants = try SchedulerConstants(contentsOf: schedulerFile, latentScale: autoencoder?.scaling_factor)
    let unet = try read(UNetFile.self, unetConfiguration)
    if constants.latentShape == nil, let channels = unet?.in_channels, let side = unet?.sample_size {
      constants.latentShape = [channels, side, side]
    }
    return constants
  }

  private func read<File: Decodable>(_: File.Type, _ path: String?) throws(DreamError) -> File? {
    guard let path else { return nil }
    let file: MappedFile
    do { file = try MappedFile(path) } catch { throw .graph(error) }
    do {
      return try JSONDecoder().decode(File.self, from: withExtendedLifetime(file) { Data(file.bytes) })
    } catch {
      throw .file(path, reason: "expected the JSON of a network's configuration, found something else")
    }
  }
}
