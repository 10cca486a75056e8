import OneiroPicture
import OneiroGraph
import OneiroModel

/// The pictures of two pipelines from the same trials and the same noise.
public struct PipelineComparison: Sendable {
  /// Peak signal-to-noise ratio of all pixels of all pictures, in decibels; infinite when the pictures are equal.
  public let psnr: Double
  /// SSIM, the mean over the pictures.
  public let ssim: Double
  public let pictureCount: Int
  /// Trials whose picture the pipeline's own classifier puts in their class, where both can be told.
  public let right: (first: Int, second: Int)?

  /// The noise is what lies beside the trials, or else that of seed 0.
  /// - progress: is told of pictures that are done, of both pipelines.
  public init(
    _ first: String, _ second: String, recording: Recording, options: Dream.Options,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(DreamError) {
    let noise = recording.noise.map { StartingNoise.given($0, source: recording.source) } ?? .seed(0)
    var options = options
    let hasClassifier = try Bundle.list(first).contains { $0.role == "image_classifier" }
    options.alsoComputes = hasClassifier && recording.labels != nil ? [PipelineInterface.classLogitsName] : []
    func draw(_ path: String, after done: Int) throws(DreamError) -> [Dream.Result] {
      try Dream(path, options: options).run(recording, noise: noise) { picture, pictures, step, steps in
        if step == steps { progress(done + picture + 1, 2 * pictures) }
      }.results
    }
    let before = try draw(first, after: 0), after = try draw(second, after: recording.count)
    var squares = 0.0, similarity = 0.0
    for (one, other) in zip(before, after) {
      let rmse = try PictureDistance(one.picture, other.picture).rmse
      squares += rmse * rmse
      similarity += StructuralSimilarity.value(one.picture, other.picture)
    }
    pictureCount = before.count
    let count = Double(max(before.count, 1))
    psnr = PictureDistance(rmse: (squares / count).squareRoot()).psnr
    ssim = similarity / count
    if let one = ClassScore(before, recording), let other = ClassScore(after, recording) {
      right = (one.right, other.right)
    } else {
      right = nil
    }
  }
}
