import OneiroGraph

/// Hands out a checkpoint's tensors to the builders and keeps the books: which were taken, and which were wanted and
/// not there. Builders go on when one is missing, so that all that is missing can be told at once.
public final class WeightLedger {
  /// What messages call the checkpoint.
  public let source: String
  private let tensors: [String: CheckpointTensor]
  private let generator: GeneratedWeights?

  public private(set) var taken: Set<String> = []
  /// Names and shapes in the order in which they were wanted.
  public private(set) var missing: [(name: String, dims: [Int])] = []

  /// - generator: makes what is missing.
  public init(_ tensors: [String: CheckpointTensor], source: String, generator: GeneratedWeights? = nil) {
    self.tensors = tensors
    self.source = source
    self.generator = generator
  }

  public convenience init(_ checkpoint: Checkpoint, generator: GeneratedWeights? = nil) {
    self.init(checkpoint.tensors, source: checkpoint.source, generator: generator)
  }

  /// No checkpoint: every weight is made by the generator.
  public convenience init(generator: GeneratedWeights) {
    self.init([:], source: "generated weights", generator: generator)
  }

  /// Names in the checkpoint that nobody took.
  public var untaken: [String] { tensors.keys.filter { !taken.contains($0) }.sorted() }

  public func has(_ name: String) -> Bool { tensors[name] != nil }

  /// Numbers in a missing tensor: twenty times as many as the largest of a full-size network has. A small file, some of
  /// whose tensors say that others are huge, cannot ask for more.
  private static let mostNumbers = 1 << 28

  /// - dims: the shape that the network needs.
  /// - Throws: when the checkpoint has the tensor in another shape, or it is not of floating-point numbers.
  func take(_ name: String, _ dims: [Int]) throws(GraphError) -> CheckpointTensor {
    guard let tensor = tensors[name] else {
      guard let count = Tensor.elementCount(dims), count <= Self.mostNumbers else {
        throw .mismatch(
          file: source, "tensor \"\(name)\"", expected: "shape \(dims)",
          found: "none, and one of more than \(Self.mostNumbers) numbers is not made up")
      }
      missing.append((name, dims))
      return GeneratedWeights.tensor(name, dims, generator ?? GeneratedWeights())
    }
    taken.insert(name)
    guard tensor.dims == dims else {
      throw .mismatch(file: source, "tensor \"\(name)\"", expected: "shape \(dims)", found: "\(tensor.dims)")
    }
    guard ElementTypeSet.floats.contains(tensor.elementType) else {
      throw .mismatch(
        file: source, "tensor \"\(name)\"", expected: "floating-point numbers", found: tensor.elementType.name)
    }
    return tensor
  }
}
