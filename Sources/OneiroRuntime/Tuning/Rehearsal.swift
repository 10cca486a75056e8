import COneiroKernel
import Glibc
import OneiroGraph

/// Zeros in the shapes of a node's inputs and outputs, to run kernels on. The oneDNN plugin has the like for the ways
/// that it chooses among by itself, since nothing but the C header is shared with plugins.
final class Rehearsal {
  private var inputs: [oneiro_tensor]
  private var outputs: [oneiro_tensor]
  private var memories: [UnsafeMutableRawBufferPointer] = []
  /// What a run of the model would have in the caches: the step before has just written it, or read it in the same place.
  private var values: [UnsafeMutableRawBufferPointer] = []
  private var keptWorkspace: UnsafeMutableRawBufferPointer?
  private let threads: Int
  /// Written before each timed run, where a model's run would have driven the weights out of the caches as well.
  private var flood: (memory: UnsafeMutableRawPointer, byteCount: Int)?
  /// More than caches have, and constants that small models would keep there.
  private static let floodByteCount = 64 << 20, keptByteCount = 1 << 20
  /// A node whose values are larger is not run for a rehearsal's sake.
  private static let largest = 1 << 30

  /// `nil` when there is no memory for it.
  /// - isTimed: whether runs are to be timed, and so need memory to drive the weights out of the caches.
  init?(_ node: BoundNode, threads: Int, isTimed: Bool = true) {
    let raw = node.pointer.pointee
    inputs = (0..<raw.input_count).map { raw.inputs[$0] }
    outputs = (0..<raw.output_count).map { raw.outputs[$0] }
    self.threads = threads
    for index in inputs.indices where inputs[index].data == nil {
      guard let memory = zeros(inputs[index].byte_count) else { return nil }
      inputs[index].data = memory
      values.append(UnsafeMutableRawBufferPointer(start: memory, count: inputs[index].byte_count))
    }
    let constants = (0..<raw.input_count).reduce(0) {
      $0 + (raw.inputs[$1].data == nil ? 0 : raw.inputs[$1].byte_count)
    }
    if isTimed, constants > Self.keptByteCount {
      guard let memory = zeros(Self.floodByteCount) else { return nil }
      flood = (memory, Self.floodByteCount)
    }
    for index in outputs.indices {
      guard let memory = zeros(outputs[index].byte_count) else { return nil }
      outputs[index].data = memory
      values.append(UnsafeMutableRawBufferPointer(start: memory, count: outputs[index].byte_count))
    }
  }

  /// Memory that rehearsing takes, beside the constants, what is packed of them, and workspace.
  static func byteCount(of node: BoundNode) -> Int {
    let raw = node.pointer.pointee, tensors = (0..<raw.input_count).map { raw.inputs[$0] }
    let values = tensors.filter { $0.data == nil } + (0..<raw.output_count).map { raw.outputs[$0] }
    let constants = tensors.reduce(0) { $0 + ($1.data == nil ? 0 : $1.byte_count) }
    let flood = constants > keptByteCount ? floodByteCount : 0
    return values.reduce(flood) { min($0 + min($1.byte_count, largest), largest) }
  }

  deinit {
    for memory in memories { LargePages.free(memory.baseAddress!, memory.count) }
    if let keptWorkspace { LargePages.free(keptWorkspace.baseAddress!, keptWorkspace.count) }
  }

  private func zeros(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard byteCount <= Self.largest, let memory = Self.allocate(byteCount) else { return nil }
    memories.append(UnsafeMutableRawBufferPointer(start: memory, count: byteCount))
    return memory
  }

  private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard let memory = LargePages.allocate(byteCount) else { return nil }
    // Every page is there before the clock runs.
    memset(memory, 0, byteCount)
    return memory
  }

  /// The best of a few runs; `nil` where there is no memory to run in, infinity where the first run is far off
  /// `toBeat`.
  func seconds(
    _ kernel: any PreparedKernel, toBeat: Double, runs: Int, enough: Double
  ) throws(RunError) -> Double? {
    guard kernel.workspaceByteCount <= Self.largest, let workspace = Self.allocate(kernel.workspaceByteCount) else {
      return nil
    }
    defer { LargePages.free(workspace, kernel.workspaceByteCount) }
    let first = try seconds(kernel, workspace)
    if first > 2 * toBeat { return .infinity }
    // Long runs are little the slower for being the first.
    if first > enough { return first }
    var best = Double.infinity
    for _ in 0..<runs {
      best = min(best, try seconds(kernel, workspace))
      if best > enough { break }
    }
    return best
  }

  /// Of a run more, when the kernels to be timed are all there; infinity where it fails.
  func secondsAgain(_ kernel: any PreparedKernel) -> Double {
    guard let workspace = workspace(of: kernel.workspaceByteCount) else { return .infinity }
    do throws(RunError) {
      // Where nothing is driven out of the caches, another kernel's run has done that.
      if flood == nil { _ = try seconds(kernel, workspace) }
      return try seconds(kernel, workspace)
    } catch {
      return .infinity
    }
  }

  /// Runs it once, whatever comes of it.
  func once(_ kernel: any PreparedKernel) {
    _ = try? seconds(kernel, toBeat: .infinity, runs: 0, enough: 0)
  }

  /// That of the run before, where it is large enough; `nil` where there is no memory to run in.
  private func workspace(of byteCount: Int) -> UnsafeMutableRawPointer? {
    if let kept = keptWorkspace {
      if kept.count >= byteCount { return kept.baseAddress }
      LargePages.free(kept.baseAddress!, kept.count)
      keptWorkspace = nil
    }
    guard byteCount <= Self.largest, let memory = Self.allocate(max(1, byteCount)) else { return nil }
    keptWorkspace = UnsafeMutableRawBufferPointer(start: memory, count: max(1, byteCount))
    return memory
  }

  private func seconds(_ kernel: any PreparedKernel, _ workspace: UnsafeMutableRawPointer) throws(RunError) -> Double {
    let state = try kernel.makeSessionState(workspace: workspace)
    if let flood {
      share(flood.memory, flood.byteCount) { memset($0, 1, $1) }
      for value in values { share(value.baseAddress!, value.count) { memset($0, 0, $1) } }
    }
    let start = ContinuousClock.now
    let failure: RunError? = inputs.withUnsafeBufferPointer { inputs in
      outputs.withUnsafeBufferPointer { outputs in
        do throws(RunError) {
          try kernel.compute(
            StepCall(
              inputs: inputs, outputs: outputs, workspace: workspace, threads: threads, state: state,
              options: RunOptions()))
          return nil
        } catch {
          return error
        }
      }
    }
    if let failure { throw failure }
    return (ContinuousClock.now - start) / .seconds(1)
  }

  /// Walks over memory on all threads, which are awake then, as they are between the steps of a run.
  private func share(
    _ memory: UnsafeMutableRawPointer, _ byteCount: Int, _ body: @convention(c) (UnsafeMutableRawPointer, Int) -> Void
  ) {
    var job = Share(memory: memory, byteCount: (byteCount + threads - 1) / threads, end: byteCount, body: body)
    withUnsafeMutablePointer(to: &job) { pointer in
      Threads.parallel(
        Int32(threads), threads,
        { raw, index in
          let job = raw!.assumingMemoryBound(to: Share.self).pointee, first = index * job.byteCount
          job.body(job.memory + first, max(0, min(job.byteCount, job.end - first)))
        }, pointer)
    }
  }

  private struct Share {
    let memory: UnsafeMutableRawPointer
    let byteCount, end: Int
    let body: @convention(c) (UnsafeMutableRawPointer, Int) -> Void
  }
}
