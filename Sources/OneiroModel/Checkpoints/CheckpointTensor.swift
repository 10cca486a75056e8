import OneiroGraph

/// A tensor of a checkpoint: what it is, and how to get its elements, which are read when they are asked for. What is
/// done to a checkpoint on its way into a graph (renaming, reshaping, adding a LoRA) wraps one such tensor in another,
/// so that one tensor at a time is in memory.
public struct CheckpointTensor: Sendable {
  public let elementType: ElementType
  public let dims: [Int]
  private let load: @Sendable () throws(GraphError) -> Tensor

  /// - load: gives the tensor, of exactly this type and shape.
  public init(
    _ elementType: ElementType, dims: [Int], load: @escaping @Sendable () throws(GraphError) -> Tensor
  ) {
    self.elementType = elementType
    self.dims = dims
    self.load = load
  }

  /// A tensor that is there already, such as one that is mapped.
  public init(_ tensor: Tensor) { self.init(tensor.elementType, dims: tensor.dims) { tensor } }

  public func read() throws(GraphError) -> Tensor {
    let tensor = try load()
    precondition(tensor.elementType == elementType && tensor.dims == dims, "a tensor other than announced")
    return tensor
  }
}

extension CheckpointTensor: CustomStringConvertible {
  public var description: String { "\(TensorType(elementType, dims: dims))" }
}
