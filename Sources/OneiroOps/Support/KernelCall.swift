import Glibc
import OneiroGraph

/// One run of a reference kernel.
public struct KernelCall: Sendable {
  public let node: Node
  public let attributes: NodeAttributes
  /// One for each input; `nil` for an optional one left out.
  public let inputs: [Value?]
  /// Runs a body of the node: its inputs in order in, its outputs in order out. The body sees the surrounding values.
  public let runBody: @Sendable (Graph, [Value]) throws(KernelError) -> [Value]
  /// Draws from the run's random generator, uniform in 0 ..< 1.
  public let random: @Sendable () -> Double

  public init(
    node: Node, schema: OpSchema, inputs: [Value?],
    runBody: @escaping @Sendable (Graph, [Value]) throws(KernelError) -> [Value] = { (_, _) throws(KernelError) in
      throw KernelError("cannot run a body here")
    },
    random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
  ) {
    self.node = node
    attributes = NodeAttributes(node, schema: schema)
    self.inputs = inputs
    self.runBody = runBody
    self.random = random
  }

  public func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

  /// Whether anybody reads output `index`.
  public func wants(_ index: Int) -> Bool { index < node.outputs.count && !node.outputs[index].isEmpty }

  public func tensor(_ index: Int) throws(KernelError) -> Tensor {
    guard has(index), let tensor = inputs[index]?.tensor else { throw fails("input \(index) is missing or no tensor") }
    return tensor
  }
  public func optionalTensor(_ index: Int) -> Tensor? { has(index) ? inputs[index]?.tensor : nil }

  /// The elements of an integer input; `nil` when it was left out.
  public func ints(_ index: Int) -> [Int]? { optionalTensor(index).map { $0.int64s().map(Int.init) } }

  public func axis(_ axis: Int, rank: Int) throws(KernelError) -> Int {
    guard axis >= -rank, axis < rank else { throw fails("axis: expected \(-rank) ... \(rank - 1), found \(axis)") }
    return axis < 0 ? axis + rank : axis
  }

  public func fails(_ sentence: String) -> KernelError { KernelError(sentence) }

  /// The machine's memory. A kernel keeps an index or a Double for each element, and perhaps two: an output of more
  /// than a sixteenth of the memory would end in a failed allocation instead of an error.
  private static let memoryByteCount = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))

  /// The product of `dims`, which come from data: an error when they are negative or too large for this machine.
  public func elementCount(_ dims: [Int], of type: ElementType) throws(KernelError) -> Int {
    guard let count = Tensor.elementCount(dims), let bytes = type.byteCount(of: count),
      max(bytes, count) < Self.memoryByteCount / 16
    else {
      throw fails("the output would have shape \(dims), which is negative somewhere or too large")
    }
    return count
  }
}
