import COneiroKernel
import Glibc

/// One way to run a node, ready to be tried.
struct Candidate {
  let program: Program
  let implementation: String

  /// Whether this is one of oneDNN's plain loops, tens of times slower than its compiled kernels.
  var isFallback: Bool { implementation.hasPrefix("ref") }
}

/// Picks among ways to run a node by running each on made-up data. Which layout wins depends on shape and processor in
/// ways no rule of ours foresees. The host remembers choices, so equal nodes run alike and are timed once.
enum FastestChoice {
  private static let runs = 3
  /// Seconds after which a run is long enough to be trusted by itself.
  private static let enough = 0.02
  /// Below these odds after one run a candidate is not worth the rest of its runs.
  private static let hopeless = 2.0

  /// - key: equal for nodes that may share a choice.
  /// - unmeasured: the option that is taken when nothing may be timed.
  /// - isLong: whether running every option takes longer than a quick tuning may.
  /// - make: builds a candidate, or throws where oneDNN has no such combination.
  static func pick<Option>(
    _ options: [Option], unmeasured: Int, isLong: Bool = false, key: String, _ node: Node, _ tuning: Tuning,
    _ make: (Option) throws(KernelError) -> Candidate
  ) throws(KernelError) -> Program {
    if options.count == 1 { return try make(options[0]).program }
    let remembered = tuning == .off ? nil : TuningMemory.recall(key)
    let known = remembered ?? (tuning == .off || (isLong && tuning == .quick) ? unmeasured : nil)
    if let known, options.indices.contains(known) {
      do { return try make(options[known]).program } catch {
        // What the host was asked for and nobody filled goes when `prepare` fails, and only then.
        if node.hostMemory?.isAsked == true { throw error }
      }
    }
    if tuning == .off {
      for option in options { if let candidate = try? make(option) { return candidate.program } }
    }
    node.hostMemory?.isUsed = false
    var best: (candidate: Candidate, option: Int)?
    var bestSeconds: Double?
    var firstError: KernelError?
    let rehearsal = try Rehearsal(node)
    for (index, option) in options.enumerated() {
      let candidate: Candidate
      do { candidate = try make(option) } catch {
        firstError = firstError ?? error
        continue
      }
      guard let champion = best else {
        best = (candidate, index)
        continue
      }
      if candidate.isFallback { continue }
      if champion.candidate.isFallback {
        best = (candidate, index)
        bestSeconds = nil
        continue
      }
      let toBeat = if let bestSeconds { bestSeconds } else { try rehearsal.seconds(champion.candidate.program) }
      let seconds = try rehearsal.seconds(candidate.program, toBeat: toBeat)
      bestSeconds = min(toBeat, seconds)
      if seconds < toBeat { best = (candidate, index) }
    }
    guard let best else { throw firstError ?? .failed("no implementation") }
    if tuning != .off { TuningMemory.remember(key, best.option) }
    // Once more, into memory that the host keeps.
    if let memory = node.hostMemory, memory.isOffered {
      memory.isUsed = true
      return try make(options[best.option]).program
    }
    return best.candidate.program
  }

  /// Zeros in the shapes of a node's inputs and outputs.
  private final class Rehearsal {
    private var inputs: [oneiro_tensor]
    private var outputs: [oneiro_tensor]
    private var memories: [AlignedMemory] = []

    init(_ node: Node) throws(KernelError) {
      inputs = (0..<node.raw.pointee.input_count).map { node.raw.pointee.inputs[$0] }
      outputs = (0..<node.raw.pointee.output_count).map { node.raw.pointee.outputs[$0] }
      for index in inputs.indices where inputs[index].data == nil { inputs[index].data = try zeros(inputs[index]) }
      for index in outputs.indices { outputs[index].data = try zeros(outputs[index]) }
    }

    private func zeros(_ tensor: oneiro_tensor) throws(KernelError) -> UnsafeMutableRawPointer {
      let byteCount = (0..<Int(tensor.rank)).map { Int(tensor.dims[$0]) }.elementCount * MemoryLayout<Float>.size
      let memory = try AlignedMemory(byteCount: byteCount)
      // Written to, so that every page is there before the clock runs.
      memset(memory.pointer, 0, byteCount)
      memories.append(memory)
      return memory.pointer
    }

    /// The best of a few runs after one that warms the caches; infinity where the first is far off `toBeat`.
    func seconds(_ program: Program, toBeat: Double = .infinity) throws(KernelError) -> Double {
      let workspace = try AlignedMemory(byteCount: program.workspaceByteCount)
      memset(workspace.pointer, 0, program.workspaceByteCount)
      if try seconds(program, workspace) > toBeat * FastestChoice.hopeless { return .infinity }
      var best = Double.infinity
      for _ in 0..<FastestChoice.runs {
        best = min(best, try seconds(program, workspace))
        if best > FastestChoice.enough { break }
      }
      return best
    }

    private func seconds(_ program: Program, _ workspace: AlignedMemory) throws(KernelError) -> Double {
      let start = Self.now()
      try program.run(inputs: inputs, outputs: outputs, workspace: workspace.pointer)
      return Self.now() - start
    }

    private static func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
  }
}
