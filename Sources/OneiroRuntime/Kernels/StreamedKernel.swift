import OneiroGraph
import Synchronization

/// A plugin's kernel whose packed constants are made for each run and let go after it, so that those of one step at a
/// time are in memory.
final class StreamedKernel: PreparedKernel, @unchecked Sendable {
  // Sendable: what changes is behind a mutex.
  private let kernel: PluginKernel
  let node: BoundNode
  private let label: String
  private let threads: Int
  private let tuning: Tuning
  private let memory = Mutex(Memory())

  private struct Memory {
    var isKept = false
    var kept: (any PreparedKernel)?
  }

  let workspaceByteCount: Int
  /// What `prepare` leaves in memory.
  let stateByteCount: Int

  var source: String { kernel.source }
  var isa: String { kernel.isaAndMethod }
  var isApproximate: Bool { kernel.isApproximate }
  var needsNoNarrowConstants: Bool { kernel.readsNarrow }
  var mayOverwriteInput: Bool { kernel.mayOverwriteInput }

  /// What a kernel may hold in any case.
  private static let smallestByteCount = 1 << 16

  /// The kernel as it is when it holds little, and one that is prepared for each run in its place otherwise.
  static func replacing(
    _ prepared: consuming any PreparedKernel, label: String, threads: Int, tuning: Tuning
  ) -> any PreparedKernel {
    guard let plugin = prepared as? PreparedPluginKernel else { return prepared }
    let (kernel, node, workspace) = (plugin.kernel, plugin.node, plugin.workspaceByteCount)
    guard plugin.hasState else { return prepared }
    let held = plugin.releaseMeasuring()
    let streamed = StreamedKernel(
      kernel, node, label: label, threads: threads, tuning: tuning, workspaceByteCount: workspace,
      stateByteCount: held)
    if held < smallestByteCount { streamed.keep() }
    return streamed
  }

  private init(
    _ kernel: PluginKernel, _ node: BoundNode, label: String, threads: Int, tuning: Tuning, workspaceByteCount: Int,
    stateByteCount: Int
  ) {
    (self.kernel, self.node, self.label, self.threads, self.tuning) = (kernel, node, label, threads, tuning)
    (self.workspaceByteCount, self.stateByteCount) = (workspaceByteCount, stateByteCount)
  }

  /// From the next run on what is prepared stays in memory.
  func keep() { memory.withLock { $0.isKept = true } }
  var isKept: Bool { memory.withLock { $0.isKept } }

  func compute(_ call: borrowing StepCall) throws(RunError) {
    if let kept = memory.withLock({ $0.kept }) {
      try kept.compute(call)
    } else {
      try prepare().compute(call)
    }
  }

  private func prepare() throws(RunError) -> any PreparedKernel {
    switch try kernel.prepare(node, label: label, threads: threads, tuning: tuning) {
    case .prepared(let prepared):
      memory.withLock { if $0.isKept { $0.kept = prepared } }
      return prepared
    case .declined(let reason):
      throw .kernel(node: label, op: kernel.op, kernel: source, reason: "cannot be prepared again: \(reason)")
    }
  }
}
