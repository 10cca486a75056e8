import Glibc
import OneiroGraph

/// A factor for each channel of an activation: it is divided by them, and the weights that read it are multiplied.
public struct ChannelFactors: Sendable, Equatable {
  public let factors: [Float]

  public init(_ factors: [Float]) { self.factors = factors }

  /// largest activation ^ exponent / largest weight ^ (1 - exponent), with 1 as the middle of all; as SmoothQuant has
  /// it (https://arxiv.org/abs/2211.10438). A channel of zeros keeps the factor 1.
  /// - activations, weights: the largest magnitude of each channel.
  init(activations: [Float], weights: [Float], exponent: Double) {
    let logarithms = zip(activations, weights).map { activation, weight -> Double? in
      guard activation > 0, weight > 0 else { return nil }
      return exponent * log(Double(activation)) - (1 - exponent) * log(Double(weight))
    }
    let known = logarithms.compactMap { $0 }
    let middle = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    // Beyond a thousand nothing is gained any more, and numbers may leave float32's range.
    let most = log(1e3)
    factors = logarithms.map { Float(exp(min(max(($0 ?? middle) - middle, -most), most))) }
  }

  enum Direction { case multiplied, divided }

  /// A tensor whose positions from `first` on along `axis` are multiplied or divided.
  func applied(to tensor: Tensor, axis: Int, first: Int = 0, _ direction: Direction) -> Tensor {
    let dims = tensor.dims, inner = dims[(axis + 1)...].reduce(1, *), extent = dims[axis]
    let scales = direction == .multiplied ? factors : factors.map { 1 / $0 }
    return tensor.withOwnWidening.withElements(of: Float.self) { from in
      Tensor(Float.self, dims: dims) { into in
        for index in from.indices {
          let position = index / inner % extent - first
          into.initializeElement(
            at: index, to: scales.indices.contains(position) ? from[index] * scales[position] : from[index])
        }
      }
    }
  }
}

extension EqualizableActivation {
  /// The graph with the same function, in which the activation is divided.
  func equalized(_ graph: Graph, by factors: ChannelFactors) -> Graph {
    var result = graph
    for part in source.parts {
      result.initializers[part.constant] = factors.applied(
        to: result.initializers[part.constant]!, axis: part.axis, first: part.first, .divided)
    }
    for reader in readers {
      let weight = reader.choice.layer.weight
      result.initializers[weight] = factors.applied(to: result.initializers[weight]!, axis: reader.axis, .multiplied)
    }
    return result
  }
}
