import OneiroGraph
import OneiroRuntime

/// How far quantization moves what the readers of an activation make of samples of it.
struct LayerNoise {
  private let activation: EqualizableActivation
  private let samples: [Tensor]
  private let layers: [(alone: LayerAlone, reader: EqualizableActivation.Reader, exact: [[Double]])]
  private let method: RangeMethod
  private let planner: Planner

  /// - graph: that the readers are layers of.
  /// - Returns: `nil` where a reader cannot be run by itself.
  init?(
    _ activation: EqualizableActivation, in graph: Graph, samples: [Tensor], method: RangeMethod, planner: Planner
  ) throws(RunError) {
    (self.activation, self.samples, self.method, self.planner) = (activation, samples, method, planner)
    var layers: [(alone: LayerAlone, reader: EqualizableActivation.Reader, exact: [[Double]])] = []
    for reader in activation.readers {
      var types = [TensorType?](repeating: nil, count: reader.choice.layer.node.inputs.count)
      types[reader.choice.layer.activationInput] = TensorType(.float32, dims: samples[0].dims)
      guard let alone = LayerAlone(reader.choice.layer, in: graph, types: types) else { return nil }
      let exact = try Self.run(alone.graph, alone.layer, samples, planner)
      layers.append((alone, reader, exact))
    }
    self.layers = layers
  }

  /// The noise of each reader, in terms of its signal, summed up.
  /// - factors: that the activation is divided by.
  func relative(_ factors: ChannelFactors) throws(RunError) -> Double {
    let divided = samples.map {
      factors.applied(to: $0, axis: activation.isImage ? 1 : $0.rank - 1, .divided)
    }
    var histogram = Histogram()
    for sample in divided { sample.withElements(of: Float.self) { histogram.add($0) } }
    let range = [activation.value: method.quantization(histogram)]
    var sum = 0.0
    for (alone, reader, exact) in layers {
      let choice = LayerChoice(alone.layer, wanted: reader.choice.scheme)
      let weight = factors.applied(to: alone.graph.initializers[alone.layer.weight]!, axis: reader.axis, .multiplied)
      let reduced: ReducedWeight?
      do throws(GraphError) { reduced = try choice.reduced(weight) } catch { throw .graph(error) }
      guard let reduced else { continue }
      let copy = QuantizedCopy.make(of: alone.graph, [(choice, reduced)], activations: range)
      var noise = QuantizationNoise()
      for (found, exact) in zip(try Self.run(copy, alone.layer, divided, planner), exact) {
        noise.add(found, expected: exact)
      }
      if noise.signal > 0 { sum += noise.noise / noise.signal }
    }
    return sum
  }

  private static func run(
    _ graph: Graph, _ layer: QuantizableLayer, _ samples: [Tensor], _ planner: Planner
  ) throws(RunError) -> [[Double]] {
    let runner = GraphRunner(graph, planner: planner)
    var results: [[Double]] = []
    for sample in samples {
      results.append(
        try runner.run([layer.activation: .tensor(sample)])[layer.node.outputs[0]]?.tensor?.doubles() ?? [])
    }
    return results
  }
}
