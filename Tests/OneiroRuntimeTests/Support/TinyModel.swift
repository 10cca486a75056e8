import OneiroGraph
import OneiroModel
import OneiroRuntime

/// The small trained DreamDiffusion in Models/parts, and what PyTorch recorded for its trials 0 ... 3.
enum TinyModel {
  static let folder = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/Models/parts"

  static let samples = Result { try SafetensorsFile(contentsOf: folder + "/eeg_samples.safetensors").tensors }
  static let expected = Result { try SafetensorsFile(contentsOf: folder + "/expected.safetensors").tensors }

  /// One part with what goes in and what was recorded to come out, by the names that the graph gives them.
  struct Part: Sendable, CustomStringConvertible {
    let file: String
    let inputs: [String: Source]
    let outputs: [String: String]
    /// Relative to the largest recorded value.
    var tolerance = 1e-4
    var description: String { file }
  }

  enum Source: Sendable {
    case sample(String)
    case recorded(String)
    /// The recorded array divided by a number.
    case divided(String, by: Float)
    /// Pixels 0 ... 255 as [N,3,H,W] in -1 ... 1.
    case picture(String)
    /// The same integer for every trial.
    case number(Int64)
  }

  /// scheduler.json: the latent of the sampler is this much larger than the decoder's.
  static let scalingFactor: Float = 0.8678372502326965

  static let parts: [Part] = {
    let unet: [String: Source] = [
      "sample": .recorded("x_T"), "timestep": .number(981), "context": .recorded("context"),
    ]
    return [
      Part(file: "eeg_encoder.onnx", inputs: ["eeg": .sample("eeg")], outputs: ["tokens": "tokens"]),
      Part(file: "dynamo/eeg_encoder.onnx", inputs: ["eeg": .sample("eeg")], outputs: ["tokens": "tokens"]),
      Part(file: "conditioner.onnx", inputs: ["tokens": .recorded("tokens")], outputs: ["context": "context"]),
      Part(
        file: "clip_projector.onnx", inputs: ["tokens": .recorded("tokens")],
        outputs: ["clip_embedding": "clip_embedding"]),
      Part(file: "unet.onnx", inputs: unet, outputs: ["eps": "eps0"]),
      Part(file: "dynamo/unet.onnx", inputs: unet, outputs: ["eps": "eps0"]),
      Part(
        file: "vae_decoder.onnx", inputs: ["latent": .divided("latent", by: scalingFactor)],
        outputs: ["image": "image"],
        tolerance: 1e-3),
      Part(
        file: "vae_encoder.onnx", inputs: ["image": .picture("image")],
        outputs: ["mean": "vae_mean", "logvar": "vae_logvar"]),
      Part(
        file: "clip_image_encoder.onnx", inputs: ["image": .picture("image")],
        outputs: ["clip_embedding": "true_image_clip"]),
      Part(
        file: "image_classifier.onnx", inputs: ["image": .picture("image")], outputs: ["logits": "true_image_logits"]),
      Part(file: "image_classifier.onnx", inputs: ["image": .recorded("image")], outputs: ["logits": "image_logits"]),
    ]
  }()

  /// Trials 0 ..< `trials` of an input.
  static func load(_ source: Source, trials: Int) throws -> Tensor {
    switch source {
    case .sample(let name): return try samples.get()[name]!.first(trials)
    case .recorded(let name): return try expected.get()[name]!.first(trials)
    case .divided(let name, let divisor):
      let tensor = try expected.get()[name]!.first(trials)
      return Tensor(tensor.elements(of: Float.self).map { $0 / divisor }, dims: tensor.dims)
    case .number(let number): return Tensor([Int64](repeating: number, count: trials), dims: [trials])
    case .picture(let name):
      let pixels = try samples.get()[name]!.first(trials)
      let (height, width) = (pixels.dims[1], pixels.dims[2])
      let bytes = pixels.elements(of: UInt8.self)
      return Tensor(Float.self, dims: [trials, 3, height, width]) { planes in
        for index in planes.indices {
          let (trial, rest) = index.quotientAndRemainder(dividingBy: 3 * height * width)
          let (channel, place) = rest.quotientAndRemainder(dividingBy: height * width)
          planes[index] = Float(bytes[(trial * height * width + place) * 3 + channel]) / 127.5 - 1
        }
      }
    }
  }
}

extension Tensor {
  /// The first `count` along the outermost axis.
  func first(_ count: Int) -> Tensor {
    let dims = [count] + self.dims.dropFirst()
    let bytes = UnsafeRawBufferPointer(
      rebasing: self.bytes.prefix(elementType.byteCount(of: Tensor.elementCount(dims)!)!))
    return Tensor(elementType, dims: dims, storage: ByteStorage(byteCount: bytes.count) { $0.copyMemory(from: bytes) })
  }
}
