import COneiroKernel
import Glibc
import OneiroGraph

/// One run at a time over one arena. Noncopyable: two copies would write over each other's activations.
public struct Session: ~Copyable {
  public let plan: ExecutionPlan
  private let arena: UnsafeMutableRawPointer
  private let ownsArena: Bool
  private let frames: [Frame]

  /// What one step is called with: tensors whose pointers never change, since the arena does not move.
  private struct Frame {
    let inputs: UnsafeBufferPointer<oneiro_tensor>
    let outputs: UnsafeBufferPointer<oneiro_tensor>
    let workspace: UnsafeMutableRawPointer?
    let state: AnyObject?
    /// Whether the step runs a plan of its own.
    let hasBody: Bool
    /// Weights that are read when the step comes, and let go after it.
    let streamed: [ByteStorage]
  }

  /// - arena: memory of `plan.arenaByteCount` bytes, 64-byte aligned, that outlives the session; `nil` to allocate it.
  /// - Throws: also when the plan cannot be held to its `maxMemory`.
  public init(_ plan: ExecutionPlan, arena given: UnsafeMutableRawPointer? = nil) throws(RunError) {
    // More than there is could be promised and then fail in the middle of a run.
    guard plan.valueByteCount <= PhysicalMemory.byteCount else { throw Self.tooLarge(plan) }
    guard let arena = given ?? LargePages.allocate(plan.arenaByteCount) else {
      throw .graph(.invalid("arena", "\(ByteCount(plan.arenaByteCount)) for values and workspace cannot be allocated"))
    }
    var frames: [Frame] = []
    do throws(RunError) {
      for step in plan.steps {
        let workspace = step.kernel.workspaceByteCount > 0 ? arena + step.workspaceOffset : nil
        frames.append(
          Frame(
            inputs: Self.tensors(
              step.inputs, plan, arena, omitsNarrow: step.kernel.needsNoNarrowConstants,
              packed: step.kernel.packedInputs),
            outputs: Self.tensors(step.outputs, plan, arena),
            workspace: workspace, state: try step.kernel.makeSessionState(workspace: workspace),
            hasBody: step.kernel is any PlannedBody,
            streamed: plan.maxMemory == nil ? [] : plan.mappedConstants(of: step)))
      }
      // When all is there but what the steps touch.
      if let limit = plan.maxMemory, given == nil { try MemoryBudget(limit: limit).fit(plan) }
    } catch {
      frames.forEach(Self.free)
      if given == nil { LargePages.free(arena, plan.arenaByteCount) }
      throw error
    }
    self.plan = plan
    self.arena = arena
    ownsArena = given == nil
    self.frames = frames
  }

  private static func tooLarge(_ plan: ExecutionPlan) -> RunError {
    func elementCount(_ step: ExecutionPlan.Step) -> Int {
      let outputs = step.outputs.compactMap { $0?.type.dims.flatMap(Tensor.elementCount) ?? 0 }
      return outputs.max() ?? 0
    }
    let largest = plan.steps.max { elementCount($0) < elementCount($1) }
    return .graph(
      .invalid(
        node: largest?.node, "values",
        "\(ByteCount(plan.valueByteCount)) of them in a run, most of them here, on a machine of "
          + "\(ByteCount(PhysicalMemory.byteCount))"))
  }

  deinit {
    frames.forEach(Self.free)
    if ownsArena { LargePages.free(arena, plan.arenaByteCount) }
  }

  /// - omitsNarrow: constants that are kept narrow get no data, and so are not widened.
  /// - packed: bit i for a constant that nobody reads: it need not be there.
  private static func tensors(
    _ operands: [ExecutionPlan.Operand?], _ plan: ExecutionPlan, _ arena: UnsafeMutableRawPointer,
    omitsNarrow: Bool = false, packed: UInt64 = 0
  ) -> UnsafeBufferPointer<oneiro_tensor> {
    let buffer = UnsafeMutableBufferPointer<oneiro_tensor>.allocate(capacity: operands.count)
    for (index, operand) in operands.enumerated() {
      var tensor = oneiro_tensor()
      tensor.struct_size = UInt32(MemoryLayout<oneiro_tensor>.size)
      if let operand, let dims = operand.type.dims {
        let extents = UnsafeMutablePointer<Int64>.allocate(capacity: max(dims.count, 1))
        extents.initialize(from: dims.map(Int64.init), count: dims.count)
        tensor.element_type = operand.type.elementType.rawValue
        tensor.rank = Int32(dims.count)
        tensor.layout = UInt32(ONEIRO_LAYOUT_PLAIN)
        tensor.dims = UnsafePointer(extents)
        tensor.byte_count = Tensor.elementCount(dims).flatMap(operand.type.elementType.byteCount) ?? 0
        switch operand.location {
        case .arena(let offset): tensor.data = arena + offset
        case .constant(let number):
          let constant = plan.constants[number]
          guard !(omitsNarrow && constant.isNarrow) else { break }
          let isPacked = index < 64 && packed >> UInt64(index) & 1 == 1
          let data = isPacked ? constant.storage?.address : constant.storage?.base
          tensor.data = data.map(UnsafeMutableRawPointer.init(mutating:))
        }
      }
      buffer.initializeElement(at: index, to: tensor)
    }
    return UnsafeBufferPointer(buffer)
  }

  private static func free(_ frame: Frame) {
    for tensors in [frame.inputs, frame.outputs] {
      for tensor in tensors { tensor.dims?.deallocate() }
      tensors.deallocate()
    }
  }

  /// The memory of input `index` of the plan, to be written before `execute`.
  public func input(_ index: Int) -> UnsafeMutableRawBufferPointer { memory(of: plan.inputs[index]) }
  /// The memory of output `index` of the plan, to be read after `execute` and before the next.
  public func output(_ index: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory(of: plan.outputs[index])) }

  private func memory(of port: ExecutionPlan.Port) -> UnsafeMutableRawBufferPointer {
    guard case .arena(let offset) = port.location else { preconditionFailure("ports lie in the arena") }
    return UnsafeMutableRawBufferPointer(start: arena + offset, count: port.byteCount)
  }

  /// Runs all steps on what the inputs' memory holds.
  /// - first: the step to begin with, one of the plan's `firstSteps` after a run that began earlier; 0 for all of them.
  public mutating func execute(_ options: RunOptions = RunOptions(), from first: Int = 0) throws(RunError) {
    options.profile?.begin(stepCount: plan.steps.count)
    if plan.maxMemory != nil, ownsArena, first == 0 { forgetEarlierRuns() }
    for index in first..<frames.count {
      let frame = frames[index]
      if plan.maxMemory != nil, index + 1 < frames.count {
        for weights in frames[index + 1].streamed { weights.readAhead() }
        (plan.steps[index + 1].kernel as? StreamedKernel)?.readAhead()
      }
      defer {
        // With what came into memory beside them: of a thousand small weights that would be megabytes.
        for weights in frame.streamed { weights.setAside(withNeighbourhood: true) }
      }
      var stepOptions = options
      if let profile = options.profile { stepOptions.profile = frame.hasBody ? profile.body(of: index) : nil }
      // An input that is written over is not there to be looked at afterwards.
      let tookInfinity =
        options.checksFinite && plan.steps[index].overwritesInput
        ? FiniteCheck.takesInfinity(plan, step: index, frame.inputs) : nil
      let start = options.profile == nil ? 0 : monotonicNanoseconds()
      try plan.steps[index].kernel.compute(
        StepCall(
          inputs: frame.inputs, outputs: frame.outputs, workspace: frame.workspace, threads: plan.threads,
          state: frame.state,
          options: stepOptions))
      if let profile = options.profile {
        profile.nanoseconds[index] += monotonicNanoseconds() - start
        profile.calls[index] += 1
      }
      if let observe = options.observe {
        for (operand, tensor) in zip(plan.steps[index].outputs, frame.outputs) {
          guard let operand else { continue }
          observe(operand, plan.steps[index], UnsafeRawBufferPointer(start: tensor.data, count: tensor.byte_count))
        }
      }
      if options.checksFinite {
        try FiniteCheck.check(plan, step: index, frame.inputs, frame.outputs, tookInfinity: tookInfinity)
      }
    }
  }

  /// Gives back what earlier runs have touched of the arena, but for the inputs: a bound counts what has been touched by each
  /// step.
  private func forgetEarlierRuns() {
    var end = 0
    for port in plan.inputs.map({ memory(of: $0) }).sorted(by: { $0.baseAddress! < $1.baseAddress! }) {
      let offset = port.baseAddress! - arena
      LargePages.giveBack(arena + end, max(offset - end, 0))
      end = max(end, offset + port.count)
    }
    LargePages.giveBack(arena + end, plan.arenaByteCount - end)
  }

  /// Runs once on tensors.
  /// - inputs: one for each of the plan's inputs; others are ignored.
  public mutating func run(_ inputs: [String: Tensor], _ options: RunOptions = RunOptions()) throws(RunError)
    -> [String: Tensor]
  {
    for (index, port) in plan.inputs.enumerated() {
      guard let tensor = inputs[port.name] else {
        throw .graph(.invalid("input \"\(port.name)\"", "is missing, \(port.type)"))
      }
      guard tensor.elementType == port.type.elementType, tensor.dims == port.dims else {
        let found = TensorType(tensor.elementType, dims: tensor.dims)
        throw .graph(.mismatch("input \"\(port.name)\"", expected: "\(port.type)", found: "\(found)"))
      }
      input(index).copyMemory(from: tensor.bytes)
    }
    try execute(options)
    var results: [String: Tensor] = [:]
    for (index, port) in plan.outputs.enumerated() {
      let source = output(index)
      results[port.name] = Tensor(
        port.type.elementType, dims: port.dims,
        storage: ByteStorage(byteCount: source.count) { $0.copyMemory(from: source) })
    }
    // What the caller does with the results has the room.
    if plan.maxMemory != nil, ownsArena { LargePages.giveBack(arena, plan.arenaByteCount) }
    return results
  }
}

/// Monotonic time in nanoseconds.
func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
