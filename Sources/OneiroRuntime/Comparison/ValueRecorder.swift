import OneiroGraph
import Synchronization

/// Takes down the values of a run, or as many of their elements as memory allows.
public final class ValueRecorder: Sendable {
  /// Elements of one value, evenly spread.
  public struct Sample: Sendable {
    public let elements: [Double]
    /// Of the whole value.
    public let count: Int
    public let node: String
    public let op: OpIdentifier
    /// "vector, x86-64-v4, Winograd".
    public let kernel: String
  }

  private struct State {
    var order: [String] = []
    var samples: [String: Sample] = [:]
  }
  private let state = Mutex(State())
  private let limit: Int

  /// - limit: how many elements of a value are kept.
  public init(limit: Int) { self.limit = max(limit, 1) }

  /// Values in the order in which they were made first; of a value that a loop makes again and again, the last.
  public var values: [(name: String, sample: Sample)] {
    state.withLock { state in state.order.map { ($0, state.samples[$0]!) } }
  }

  public func sample(of name: String) -> Sample? { state.withLock { $0.samples[name] } }

  /// What a run's options have to hold for this to see its values.
  public func observe(_ value: ExecutionPlan.Operand, _ step: ExecutionPlan.Step, _ bytes: UnsafeRawBufferPointer) {
    guard let dims = value.type.dims, let count = Tensor.elementCount(dims), !value.type.elementType.isComplex else {
      return
    }
    let tensor = Tensor(
      value.type.elementType, dims: dims,
      storage: ByteStorage(
        borrowing: bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64)!, byteCount: bytes.count, from: self))
    let stride = max(1, (count + limit - 1) / limit)
    let elements = Self.elements(of: tensor, every: stride)
    let kernel = [step.kernel.source, step.kernel.isa].filter { !$0.isEmpty }.joined(separator: ", ")
    let sample = Sample(elements: elements, count: count, node: step.node.label, op: step.node.op, kernel: kernel)
    state.withLock { state in
      if state.samples.updateValue(sample, forKey: value.name) == nil { state.order.append(value.name) }
    }
  }

  private static func elements(of tensor: Tensor, every stride: Int) -> [Double] {
    if tensor.elementType == .float32 {
      return tensor.withElements(of: Float.self) { elements in
        Swift.stride(from: 0, to: elements.count, by: stride).map { Double(elements[$0]) }
      }
    }
    let all = tensor.doubles()
    return Swift.stride(from: 0, to: all.count, by: stride).map { all[$0] }
  }
}
