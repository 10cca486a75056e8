import OneiroGraph

/// How EEG goes into a pipeline and a picture comes out.
public struct PipelineInterface: Sendable {
  /// The input "eeg", float32 [N, channels, samples].
  public let eeg: TensorType
  /// [C,h,w] of the input "noise", float32 [N,C,h,w].
  public let latentDims: [Int]
  /// The size of the output "picture", float32 [N,3,height,width], where the file says it.
  public let pictureSize: (width: Int, height: Int)?
  /// Every output of the pipeline.
  public let outputs: [String]

  public static let eegName = "eeg"
  public static let noiseName = "noise"
  public static let pictureName = "picture"
  public static let latentName = "latent"
  public static let classLogitsName = "class_logits"
  public static let embeddingName = "embedding"

  /// Refuses a model that EEG cannot go into or that no picture comes out of.
  /// - name: what messages call the model: its file.
  public init(_ model: Model, name: String) throws(DreamError) {
    let graph = model.graph
    eeg = try Self.input(Self.eegName, of: graph, rank: 3, as: "float[N,channels,samples]", name)
    let noise = try Self.input(Self.noiseName, of: graph, rank: 4, as: "float[N,C,h,w] with known C, h, w", name)
    latentDims = (noise.shape ?? []).dropFirst().compactMap(\.extent)
    guard latentDims.count == 3, !latentDims.contains(0) else {
      throw .mismatch(
        at: "\(name): input \"\(Self.noiseName)\"", expected: "float[N,C,h,w] with known C, h, w", found: "\(noise)")
    }
    outputs = graph.outputs.map(\.name)
    guard outputs.contains(Self.pictureName) else {
      throw .mismatch(
        at: name, expected: "an output \"\(Self.pictureName)\"", found: outputs.joined(separator: ", "))
    }
    let picture = graph.outputs.first { $0.name == Self.pictureName }?.type?.tensorType?.shape ?? []
    if picture.count == 4, let height = picture[2].extent, let width = picture[3].extent, height > 0, width > 0 {
      pictureSize = (width, height)
    } else {
      pictureSize = nil
    }
  }

  private static func input(
    _ input: String, of graph: Graph, rank: Int, as expected: String, _ name: String
  ) throws(DreamError) -> TensorType {
    guard let info = graph.requiredInputs.first(where: { $0.name == input }) else {
      let names = graph.requiredInputs.map(\.name)
      throw .mismatch(
        at: name, expected: "an input \"\(input)\"", found: names.isEmpty ? "none" : names.joined(separator: ", "))
    }
    guard let type = info.type?.tensorType, type.elementType == .float32, (type.shape?.count ?? rank) == rank else {
      throw .mismatch(
        at: "\(name): input \"\(input)\"", expected: expected, found: info.type.map { "\($0)" } ?? "no type")
    }
    return type
  }
}
