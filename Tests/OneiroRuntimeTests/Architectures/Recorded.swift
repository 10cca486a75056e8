import OneiroGraph
import OneiroModel
import OneiroRuntime

/// What the original system recorded: weights, inputs and outputs. Tests/Golden/README.md says where they come from.
enum Recorded {
  static func load(_ name: String) throws -> [String: Tensor] {
    let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return try SafetensorsFile(contentsOf: "/\(tests)/Golden/\(name).safetensors").tensors
  }

  static func ledger(_ tensors: [String: Tensor], source: String = "recorded") -> WeightLedger {
    WeightLedger(tensors.mapValues { CheckpointTensor($0) }, source: source)
  }

  /// The numbers that a full-size recording was made from: float32(unit(name) * scale).
  static func input(_ name: String, _ dims: [Int], scale: Float = 1) -> Tensor {
    let units = GeneratedWeights().units(name, count: dims.reduce(1, *))
    return Tensor(units.map { Float(Double($0) * Double(scale)) }, dims: dims)
  }
}

extension Network {
  /// Runs the network, whose weights are read now.
  /// - also: values inside the graph to hand out beside its outputs.
  func run(
    _ inputs: [String: Tensor], backend: String = "onednn", also inside: [String] = []
  ) throws -> [String: Tensor] {
    var graph = try model().graph
    graph.outputs += inside.map { ValueInfo($0, nil) }
    let runner = GraphRunner(graph, planner: Planner(backend: try Backend(backend), threads: 2))
    return try runner.run(inputs.mapValues(Value.tensor)).compactMapValues(\.tensor)
  }
}
