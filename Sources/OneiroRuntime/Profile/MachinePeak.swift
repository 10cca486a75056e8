import Glibc
import OneiroGraph

/// What the machine can do at best, measured: what a step's speed is held against.
public struct MachinePeak: Sendable {
  /// Floating-point operations a second, of the fastest large product of matrices.
  public let operationsPerSecond: Double
  /// Bytes a second, read and written, of a copy that is larger than the caches.
  public let bytesPerSecond: Double

  /// Measures for about 0.3 s.
  /// - planner: whose kernel plugins multiply, on as many threads; on a backend without any the default one's do.
  /// - Returns: `nil` where there is no kernel plugin, or no memory to measure with within the planner's bound.
  public static func measure(_ planner: Planner) throws(RunError) -> MachinePeak? {
    if let limit = planner.maxMemory, ProcessMemory.residentByteCount + needByteCount > limit { return nil }
    var chain = planner.backend.chain
    if !chain.contains(where: \.isPlugin) { chain = try Backend(Backend.defaultName).chain }
    var best = 0.0
    for case .plugin(let plugin) in chain {
      let backend = try Backend(plugin.path, isStrict: true)
      best = max(best, try product(Planner(backend: backend, threads: planner.threads)) ?? 0)
    }
    guard best > 0, let bytes = copy(threads: planner.threads) else { return nil }
    return MachinePeak(operationsPerSecond: best, bytesPerSecond: bytes)
  }

  /// The part of what the machine can do that this work in this time is: of arithmetic or of memory, the larger, which
  /// is what limits it.
  public func share(_ count: OperationCount, nanoseconds: Double) -> Double {
    guard nanoseconds > 0 else { return 0 }
    return max(count.operations / operationsPerSecond, count.bytes / bytesPerSecond) * 1e9 / nanoseconds
  }

  /// Rows, columns and depth of the product.
  private static let side = 1024

  /// - Returns: operations a second; `nil` when the planner's kernels do not take the node.
  private static func product(_ planner: Planner) throws(RunError) -> Double? {
    let type = TensorType(.float32, dims: [side, side])
    // A constant second factor, as weights are: kernels pack it ahead. Its numbers do not matter, but denormals are
    // slow.
    let weights = Tensor([Float](repeating: 0.5, count: side * side), dims: type.dims!)
    var graph = Graph(
      "peak", inputs: [ValueInfo("A", .tensor(type))], outputs: [ValueInfo("Y", nil)],
      nodes: [Node("Gemm", inputs: ["A", "B"], outputs: ["Y"])])
    graph.addInitializer("B", weights)
    guard let plan = try? planner.plan(graph, inputs: ["A": type]) else { return nil }
    var session = try Session(plan)
    session.input(0).copyMemory(from: weights.bytes)
    let nanoseconds = try fastest(within: 60_000_000) { () throws(RunError) in try session.execute() }
    return plan.steps.reduce(0) { $0 + OperationCount($1).operations } / nanoseconds * 1e9
  }

  /// Bytes of the array that is copied.
  private static let arrayByteCount = 64 << 20

  /// Bytes that measuring takes: those of the two arrays, and more than the product takes beside its plugin before they are there.
  public static let needByteCount = 2 * arrayByteCount + (32 << 20)

  private struct Copy {
    /// Bytes that a thread takes at a time.
    static let pieceByteCount = 1 << 20
    let from: UnsafeMutableRawPointer
    let to: UnsafeMutableRawPointer
  }

  private static func copy(threads: Int) -> Double? {
    guard let from = malloc(arrayByteCount) else { return nil }
    defer { free(from) }
    guard let to = malloc(arrayByteCount) else { return nil }
    defer { free(to) }
    // Memory that nobody has written to is one page of zeros.
    memset(from, 1, arrayByteCount)
    memset(to, 1, arrayByteCount)
    var job = Copy(from: from, to: to)
    let nanoseconds = withUnsafeMutablePointer(to: &job) { job in
      fastest(within: 60_000_000) {
        Threads.parallel(
          Int32(threads), arrayByteCount / Copy.pieceByteCount,
          { raw, index in
            let job = raw!.assumingMemoryBound(to: Copy.self).pointee
            let size = Copy.pieceByteCount
            memcpy(job.to + index * size, job.from + index * size, size)
          }, job)
      }
    }
    return Double(2 * arrayByteCount) / nanoseconds * 1e9
  }

  /// The least time of several runs, in nanoseconds, after one that does not count.
  private static func fastest<E: Error>(within limit: UInt64, _ body: () throws(E) -> Void) throws(E) -> Double {
    try body()
    var best = UInt64.max
    let start = monotonicNanoseconds()
    repeat {
      let begin = monotonicNanoseconds()
      try body()
      best = min(best, monotonicNanoseconds() - begin)
    } while monotonicNanoseconds() - start < limit
    return Double(max(best, 1))
  }
}

extension KernelSource {
  var isPlugin: Bool { if case .plugin = self { true } else { false } }
}
