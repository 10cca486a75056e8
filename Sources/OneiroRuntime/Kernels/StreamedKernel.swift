import OneiroGraph
import Synchronization

/// A plugin's kernel whose packed constants are made for each run, or found in a file, and let go after it, so that those
/// of one step at a time are in memory.
final class StreamedKernel: PreparedKernel, @unchecked Sendable {
  // Sendable: what changes is behind a mutex.
  private let kernel: PluginKernel
  let node: BoundNode
  private let label: String
  private let threads: Int
  private let tuning: Tuning
  private let packed: PackedAccess?
  /// Where it finds what it would pack.
  private let parts: [PackedFile.Part]
  /// Constants that it does not read because of that, bit i for input i.
  let unreadInputs: UInt64
  private let memory = Mutex(Memory())

  private struct Memory {
    var isKept = false
    var kept: (any PreparedKernel)?
  }

  let workspaceByteCount: Int
  /// What is in memory of what it has prepared, pages of packed weights in a file among it, all of which a run reads.
  let stateByteCount: Int
  /// What it has in memory at its peak, pages of weights in their file among it.
  let packingByteCount: Int

  var source: String { kernel.source }
  var isa: String { kernel.isaAndMethod }
  var isApproximate: Bool { kernel.isApproximate }
  var needsNoNarrowConstants: Bool { kernel.readsNarrow }
  var mayOverwriteInput: Bool { kernel.mayOverwriteInput }

  /// What a kernel may hold in any case.
  static let smallestByteCount = 1 << 16

  /// The kernel as it is when it has packed nothing, and one that is prepared for each run in its place otherwise, or
  /// for the first one where it holds little.
  /// - packing: by how many bytes memory grew while the kernel was prepared; `nil` where that is not known.
  static func replacing(
    _ prepared: consuming any PreparedKernel, packing: Int?, label: String, threads: Int, tuning: Tuning,
    packed: PackedAccess?
  ) throws(RunError) -> any PreparedKernel {
    guard var plugin = prepared as? PreparedPluginKernel else { return prepared }
    let (kernel, node, workspace) = (plugin.kernel, plugin.node, plugin.workspaceByteCount)
    guard plugin.hasState else { return prepared }
    var packing = packing
    if plugin.packed.contains(where: { !$0.isFilled }) {
      // It is in a file now, or nowhere: what counts is how it is prepared from here on.
      _ = plugin.releaseMeasuring()
      let (answer, byteCount) = try measuring(node) { () throws(RunError) in
        try kernel.prepare(node, label: label, threads: threads, tuning: tuning, packed: packed)
      }
      guard case .prepared(let again as PreparedPluginKernel) = answer else {
        throw refusal(kernel, label, answer)
      }
      (plugin, packing) = (again, byteCount)
    }
    let parts = plugin.packed.compactMap(\.part), inFile = plugin.packedFileByteCount
    // With a piece that is not in the file, its constant is read in each run.
    let areAllInFile = !parts.isEmpty && parts.count == plugin.packed.count
    let packedInputs = plugin.packedInputs
    let held = plugin.releaseMeasuring() + inFile, constants = node.constantByteCount
    let isSmall = held < smallestByteCount
    // The first time may have been one in which ways to compute were timed, or a library took memory for good.
    if !isSmall, packing.map({ $0 > held + constants }) ?? true {
      packing = try measuring(node) { () throws(RunError) in
        try kernel.prepare(node, label: label, threads: threads, tuning: tuning, packed: packed)
      }.byteCount
    }
    // Where nobody tells, as much again as what is packed, beside what it is packed from.
    let unknown = 2 * held + constants
    let streamed = StreamedKernel(
      kernel, node, label: label, threads: threads, tuning: tuning, packed: packed, parts: parts,
      unreadInputs: areAllInFile ? packedInputs : 0, workspaceByteCount: workspace, stateByteCount: held,
      packingByteCount: packing ?? unknown)
    if isSmall { streamed.keep() }
    return streamed
  }

  /// Prepares a kernel for a node, and looks how far memory grows meanwhile, weights in their file included, with all that
  /// may come around them another time.
  /// - Returns: bytes beside the answer; `nil` where the system does not tell.
  static func measuring(
    _ node: BoundNode, prepare: () throws(RunError) -> PluginKernel.Answer
  ) throws(RunError) -> (result: PluginKernel.Answer, byteCount: Int?) {
    node.setAside(.max, withNeighbourhood: true)
    defer { node.setAside(.max, withNeighbourhood: true) }
    let (answer, byteCount) = try ProcessMemory.growth(during: prepare)
    let constants = node.constants.compactMap { $0?.stored?.storage }
    return (answer, byteCount.map { $0 + MappedPages.byteCount(toComeAround: constants) })
  }

  private init(
    _ kernel: PluginKernel, _ node: BoundNode, label: String, threads: Int, tuning: Tuning, packed: PackedAccess?,
    parts: [PackedFile.Part], unreadInputs: UInt64, workspaceByteCount: Int, stateByteCount: Int, packingByteCount: Int
  ) {
    (self.packed, self.parts, self.unreadInputs) = (packed, parts, unreadInputs)
    (self.kernel, self.node, self.label, self.threads, self.tuning) = (kernel, node, label, threads, tuning)
    (self.workspaceByteCount, self.stateByteCount) = (workspaceByteCount, stateByteCount)
    self.packingByteCount = packingByteCount
  }

  /// From the next run on what is prepared stays in memory.
  func keep() { memory.withLock { $0.isKept = true } }
  var isKept: Bool { memory.withLock { $0.isKept } }
  /// Whether what is kept is in memory already.
  var isThere: Bool { memory.withLock { $0.kept != nil } }

  /// Lets go of what is kept until the next run.
  func letGo() { memory.withLock { $0.kept = nil } }

  func compute(_ call: borrowing StepCall) throws(RunError) {
    if let kept = memory.withLock({ $0.kept }) {
      try kept.compute(call)
    } else {
      try prepare().compute(call)
    }
  }

  private func prepare() throws(RunError) -> any PreparedKernel {
    var access = packed
    access?.isRun = true
    let answer = try kernel.prepare(node, label: label, threads: threads, tuning: tuning, packed: access)
    guard case .prepared(let prepared) = answer else { throw Self.refusal(kernel, label, answer) }
    memory.withLock { if $0.isKept { $0.kept = prepared } }
    return prepared
  }

  private static func refusal(_ kernel: PluginKernel, _ label: String, _ answer: PluginKernel.Answer) -> RunError {
    var reason = ""
    if case .declined(let text) = answer { reason = ": \(text)" }
    return .kernel(node: label, op: kernel.op, kernel: kernel.source, reason: "cannot be prepared again\(reason)")
  }

  /// Tells the system that the next run needs its packed weights soon.
  func readAhead() {
    guard !isThere else { return }
    for part in parts { part.file.readAhead(part) }
  }
}
