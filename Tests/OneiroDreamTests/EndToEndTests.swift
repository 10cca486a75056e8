import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroRuntime
import Testing

@Suite("The bundled pipeline draws what PyTorch drew from the same noise") struct EndToEndTests {
  private static let models = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Models"
  /// scheduler.json: the recorded latent is this much larger than the decoder's.
  private static let scalingFactor = 0.8678372502326965

  /// The reference kernels take a second for what the others do in milliseconds: one trial tells enough there.
  @Test(
    "Latent after 50 PLMS steps, and the decoded picture",
    arguments: [("onednn", 4), ("openblas", 4), ("vector", 4), ("reference", 1)])
  func pictures(backend: String, trials: Int) throws {
    let samples = "\(Self.models)/parts/eeg_samples.safetensors"
    let recording = try Recording(contentsOf: samples).selecting(.ranges([0...(trials - 1)]))
    var options = Dream.Options(backend: try Backend(backend))
    options.alsoComputes = ["latent", PipelineInterface.classLogitsName]
    let dream = try Dream("\(Self.models)/dreamdiffusion-tiny.onnx", options: options)
    let noise = try #require(recording.noise)
    let (results, _) = try dream.run(recording, noise: .given(noise, source: samples))
    let expected = try SafetensorsFile(contentsOf: "\(Self.models)/parts/expected.safetensors").tensors
    let predicted = try #require(try SafetensorsFile(contentsOf: samples).tensors["predicted_label"]).int64s()
    for (trial, result) in results.enumerated() {
      let latent = try #require(result.outputs["latent"]).doubles().map { $0 * Self.scalingFactor }
      #expect(largestDifference(latent, expected["latent"], trial) < 1e-3, "latent of trial \(trial) on \(backend)")
      let picture = try #require(result.outputs[PipelineInterface.pictureName]).doubles()
      #expect(largestDifference(picture, expected["image"], trial) < 1e-3, "picture of trial \(trial) on \(backend)")
      let logits = try #require(result.outputs[PipelineInterface.classLogitsName]).doubles()
      #expect(logits.indices.max { logits[$0] < logits[$1] } == Int(predicted[trial]))
    }
  }

  /// The largest difference to one trial of a recorded array, relative to the largest value of the whole array.
  private func largestDifference(_ found: [Double], _ recorded: Tensor?, _ trial: Int) -> Double {
    guard let recorded else { return .infinity }
    let all = recorded.doubles()
    let expected = all[trial * found.count..<(trial + 1) * found.count]
    let largest = all.reduce(0) { max($0, abs($1)) }
    return zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
  }
}
