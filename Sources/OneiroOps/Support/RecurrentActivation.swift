import Glibc

/// An activation function of RNN, GRU and LSTM, with the numbers that it takes.
enum RecurrentActivation: Sendable {
  case relu, tanh, sigmoid, softsign, softplus
  case affine(Double, Double), leakyRelu(Double), thresholdedRelu(Double), scaledTanh(Double, Double)
  case hardSigmoid(Double, Double), elu(Double)

  /// - alphas, betas: the node's lists; the functions that take such a number take the next one, or else their default.
  init(_ name: String, alphas: inout ArraySlice<Double>, betas: inout ArraySlice<Double>) throws(KernelError) {
    switch name.lowercased() {
    case "relu": self = .relu
    case "tanh": self = .tanh
    case "sigmoid": self = .sigmoid
    case "softsign": self = .softsign
    case "softplus": self = .softplus
    case "affine": self = .affine(alphas.popFirst() ?? 1, betas.popFirst() ?? 0)
    case "leakyrelu": self = .leakyRelu(alphas.popFirst() ?? 0.01)
    case "thresholdedrelu": self = .thresholdedRelu(alphas.popFirst() ?? 1)
    case "scaledtanh": self = .scaledTanh(alphas.popFirst() ?? 1, betas.popFirst() ?? 1)
    case "hardsigmoid": self = .hardSigmoid(alphas.popFirst() ?? 0.2, betas.popFirst() ?? 0.5)
    case "elu": self = .elu(alphas.popFirst() ?? 1)
    default: throw KernelError("attribute activations: there is no function \(name)")
    }
  }

  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .relu: x > 0 || x.isNaN ? x : 0
    case .tanh: Glibc.tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .softsign: x / (1 + abs(x))
    // log(1 + e^x), without overflow for large x.
    case .softplus: max(x, 0) + log1p(exp(-abs(x)))
    case .affine(let alpha, let beta): alpha * x + beta
    case .leakyRelu(let alpha): x >= 0 ? x : alpha * x
    case .thresholdedRelu(let alpha): x > alpha ? x : 0
    case .scaledTanh(let alpha, let beta): alpha * Glibc.tanh(beta * x)
    case .hardSigmoid(let alpha, let beta): max(0, min(1, alpha * x + beta))
    case .elu(let alpha): x >= 0 ? x : alpha * expm1(x)
    }
  }
}
