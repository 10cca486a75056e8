import OneiroDream
import OneiroGraph

/// The networks that pictures are judged by, as far as there are any.
public struct Judges {
  /// Picture → logits of classes.
  public var classifier: PictureNetwork?
  /// Picture → a vector, of which only the direction counts.
  public var clip: PictureNetwork?
  /// Two pictures → a distance, smaller is more alike.
  public var lpips: PictureNetwork?
  /// Picture → features, whose distribution is compared.
  public var fid: PictureNetwork?

  /// What networks are called that `--with` may name and that no pipeline has.
  public static let extraRoles = ["lpips", "fid"]
  private static let classifierRole = "image_classifier", clipRole = "clip_image_encoder"
  /// Those that judge and take no part in drawing.
  public static let roles = [classifierRole, clipRole] + extraRoles

  /// - pipeline: a pipeline file, whose own judges are taken where no file is given.
  /// - files: an ONNX file by role.
  public init(pipeline: String?, files: [String: String], options: Dream.Options) throws(DreamError) {
    func network(_ role: String, pictures: Int = 1) throws(DreamError) -> PictureNetwork? {
      if let file = files[role] { return try PictureNetwork(contentsOf: file, pictures: pictures, options: options) }
      guard let pipeline else { return nil }
      let model = try Bundle.load(pipeline)
      guard PipelineBuilder.parts(of: model).contains(where: { $0.role == role }) else { return nil }
      let part = try PipelineBuilder.extract(role, from: model, name: pipeline)
      return try PictureNetwork(part, name: "\(pipeline): \(role)", pictures: pictures, options: options)
    }
    classifier = try network(Self.classifierRole)
    clip = try network(Self.clipRole)
    lpips = try network("lpips", pictures: 2)
    fid = try network("fid")
  }

  public init() {}
}
