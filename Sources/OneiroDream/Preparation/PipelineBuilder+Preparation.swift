import OneiroEEG
import OneiroGraph

extension PipelineBuilder {
  static let preparationRole = "preparation"
  /// Where the node of that role has the settings, as JSON.
  private static let settingsKey = "ai.oneiro.preparation"

  /// The pipeline with these settings, in the place of any others. The main graph gets inputs `window` and
  /// `channel_map`, and an output `prepared`, which is computed only where it is asked for.
  public static func setPreparation(
    _ settings: PreparationSettings, in model: Model, name: String
  ) throws(DreamError) -> Model {
    let part = try PipelinePart.named(preparationRole)
    let body = PreparationGraph.model(settings).graph
    if let eeg = model.graph.inputs.first(where: { $0.name == PipelineInterface.eegName }) {
      try PartSignature.check(
        body.outputs[0].type, fits: eeg.type, "\(name): input \"\(eeg.name)\"",
        because: "the preparation makes \(settings.montage.count) electrodes of \(settings.sampleCount) samples")
    }
    var result = model
    result.graph.nodes.removeAll { $0.pipelineRole == preparationRole }
    result.graph.inputs.removeAll { part.inputs.contains($0.name) }
    result.graph.outputs.removeAll { part.outputs.contains($0.name) }
    for (value, formal) in zip(part.inputs, body.inputs) { result.graph.inputs.append(ValueInfo(value, formal.type)) }
    for (value, formal) in zip(part.outputs, body.outputs) {
      result.graph.outputs.append(ValueInfo(value, formal.type))
    }
    result.graph.nodes.append(
      Node(
        "Subgraph", domain: Model.oneiroDomain, name: part.role, inputs: part.inputs, outputs: part.outputs,
        attributes: ["role": .string(part.role), "body": .graph(body)], metadata: [settingsKey: settings.json]))
    return result
  }

  /// How recordings are prepared for a pipeline, where it says so.
  static func preparation(of model: Model, name: String) throws(DreamError) -> (
    settings: PreparationSettings, body: Graph
  )? {
    guard let (_, node, body) = parts(of: model).first(where: { $0.role == preparationRole }) else { return nil }
    guard let json = node.metadata[settingsKey] else {
      throw .mismatch(
        at: "\(name): role \"\(preparationRole)\"", expected: "its settings as metadata \"\(settingsKey)\"",
        found: "none")
    }
    do {
      return (try PreparationSettings(json: json, name: "\(name): \(settingsKey)"), body)
    } catch {
      throw .graph(error)
    }
  }
}
