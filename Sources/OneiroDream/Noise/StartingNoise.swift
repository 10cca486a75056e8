import OneiroGraph
import OneiroModel

/// What the pictures grow from.
public enum StartingNoise: Sendable {
  /// The numbers of `TorchGenerator`, all pictures in one draw: the same on every backend and number of threads.
  case seed(UInt64)
  /// float32 [N,C,h,w], one for each picture, or [C,h,w] for one.
  /// - source: what messages call it.
  case given(Tensor, source: String)

  /// The seed, where the numbers come from one.
  public var seed: UInt64? { if case .seed(let seed) = self { seed } else { nil } }

  /// Reads a `.npy` file; of a `.npz` or `.safetensors` file the array `x_T`.
  public init(contentsOf path: String) throws(DreamError) {
    let arrays: [String: Tensor]
    do throws(GraphError) { arrays = try ArrayFile.readAll(path, onlyArray: "x_T") } catch { throw .graph(error) }
    guard let tensor = arrays["x_T"] else {
      throw .mismatch(at: path, expected: "an array \"x_T\"", found: "none")
    }
    self = .given(tensor, source: path)
  }

  /// float32 [count] + latentDims.
  /// - latentDims: [C,h,w] of one latent.
  public func tensor(count: Int, latentDims: [Int]) throws(DreamError) -> Tensor {
    let dims = [count] + latentDims
    switch self {
    case .seed(let seed):
      guard Tensor.elementCount(dims) != nil else {
        throw .mismatch(at: "noise", expected: "a shape that can be counted", found: "\(dims)")
      }
      var generator = TorchGenerator(seed: seed)
      return generator.randn(dims: dims)
    case .given(let tensor, let source):
      let shaped = tensor.rank == latentDims.count && count == 1 ? tensor.reshaped([1] + tensor.dims) : tensor
      guard shaped.elementType == .float32, shaped.dims == dims else {
        throw .mismatch(
          at: source, expected: "\(TensorType(.float32, dims: dims)) for \(counted(count, "picture"))",
          found: "\(TensorType(tensor.elementType, dims: tensor.dims))")
      }
      let bad = shaped.withElements(of: Float.self) { values in
        values.firstIndex { !$0.isFinite }.map { ($0, values[$0]) }
      }
      if let (index, value) = bad {
        throw .mismatch(at: "\(source): element \(index)", expected: "a finite number", found: "\(value)")
      }
      return shaped
    }
  }
}

/// Starting noise, one picture after the other, in the order of `StartingNoise.tensor`.
public struct NoiseStream: Sendable {
  private let latentDims: [Int]
  private var generator: TorchGenerator
  /// Of pictures that do not come one by one.
  private let drawn: Tensor?
  private var next = 0

  /// - count: how many pictures there will be at most.
  public init(_ noise: StartingNoise, count: Int, latentDims: [Int]) throws(DreamError) {
    self.latentDims = latentDims
    generator = TorchGenerator(seed: noise.seed ?? 0)
    // Whole groups of numbers are the same whether they are drawn at once or not; a remainder hangs on the whole draw.
    let isInGroups = Tensor.elementCount(latentDims).map { $0 > 0 && $0 % TorchGenerator.groupSize == 0 } ?? false
    drawn = noise.seed != nil && isInGroups ? nil : try noise.tensor(count: count, latentDims: latentDims)
  }

  /// The noise of the next picture, float32 [1] + latentDims.
  public mutating func draw() -> Tensor {
    defer { next += 1 }
    return drawn?.rows([next]) ?? generator.randn(dims: [1] + latentDims)
  }
}
