import CDNNL
import COpenMP

/// Collects the tensors and steps of a program. Made for a thread count, which holds for the primitives added to it.
struct ProgramBuilder {
  private let node: Node?
  private let threads: Int32
  private var tensors: [Program.Tensor] = []
  private var steps: [Program.Step] = []
  private var packed: [AlignedMemory] = []
  /// Constants whose bytes are narrower than their description says. None is left when a step reads it.
  private var narrow: [Int: NarrowType] = [:]
  /// Of constants that begin within an input: how many bytes they do so behind its start.
  private var offsets: [Int: Int] = [:]
  private var intermediateByteCount = 0
  private var scratchpadByteCount = 0
  private var scratchpads: [Int] = []

  /// - threads: oneDNN asks OpenMP how wide it may be whenever a primitive is planned, so it is set here.
  init(_ node: Node?, threads: Int32) {
    self.node = node
    self.threads = threads
    omp_set_num_threads(threads)
  }

  func description(of tensor: Int) -> MemoryDescription { tensors[tensor].description }

  func isConstant(_ tensor: Int) -> Bool {
    if case .constant = tensors[tensor].place { true } else { false }
  }

  /// An input as it lies in memory; a constant one is read where it is, once widened when it is narrow.
  mutating func input(_ index: Int, _ description: MemoryDescription) -> Int {
    if let node, let pointer = node.constant(index) {
      let tensor = constant(pointer, description)
      tensors[tensor].input = index
      narrow[tensor] = node.narrowType(index)
      return tensor
    }
    return add(.init(description: description, place: .input(index)))
  }

  /// A part of a constant input, from some bytes on.
  mutating func part(_ index: Int, from offset: Int, _ description: MemoryDescription) throws(KernelError) -> Int {
    guard let pointer = node?.constant(index) else { throw .failed("input \(index) is no constant") }
    let tensor = constant(pointer + offset, description)
    tensors[tensor].input = index
    offsets[tensor] = offset
    return tensor
  }

  mutating func output(_ index: Int, _ description: MemoryDescription) -> Int {
    add(.init(description: description, place: .output(index)))
  }

  /// Bytes that outlive the program.
  mutating func constant(_ pointer: UnsafeMutableRawPointer, _ description: MemoryDescription) -> Int {
    add(.init(description: description, place: .constant(pointer)))
  }

  /// Bytes that the program shall own.
  mutating func constant(_ memory: AlignedMemory, _ description: MemoryDescription) -> Int {
    packed.append(memory)
    return constant(memory.pointer, description)
  }

  mutating func intermediate(_ description: MemoryDescription) throws(KernelError) -> Int {
    let offset = intermediateByteCount
    intermediateByteCount += AlignedMemory.roundedUp(description.byteCount)
    return add(.init(description: description, place: .workspace(offset)))
  }

  /// The same tensor in another layout: itself, or packed here and now when constant, or packed in every run.
  mutating func reordered(_ tensor: Int, to description: MemoryDescription) throws(KernelError) -> Int {
    let from = tensors[tensor]
    if from.description == description { return tensor }
    if case .constant(let plain) = from.place {
      let given = node?.hostMemory?.memory(from: from.description, at: offsets[tensor] ?? 0, to: description)
      if let given, given.isFilled { return constant(given.pointer, description) }
      let own = given == nil ? try AlignedMemory(byteCount: description.byteCount) : nil
      let pointer = given?.pointer ?? own!.pointer
      var packing = ProgramBuilder(nil, threads: threads)
      let source = packing.constant(plain, from.description)
      // What is widened for it belongs to the packing program, and goes with it.
      packing.narrow[source] = narrow[tensor]
      let destination = packing.constant(pointer, description)
      var dense = source
      if let type = from.description.elementType, type == .int8, from.description.hasGaps {
        // oneDNN packs weights of bytes from rows without gaps alone.
        dense = try packing.intermediate(.plain(from.description.shape, type))
        try packing.reorder(source, into: dense)
      }
      try packing.reorder(dense, into: destination)
      let program = packing.finish()
      let workspace = try AlignedMemory(byteCount: program.workspaceByteCount)
      try program.run(inputs: nil, outputs: nil, workspace: workspace.pointer)
      if let own { packed.append(own) }
      return constant(pointer, description)
    }
    let destination = try intermediate(description)
    try reorder(tensor, into: destination)
    return destination
  }

  /// `tensor` itself where it lies as described, else an intermediate to be reordered into it.
  mutating func place(for description: MemoryDescription, or tensor: Int) throws(KernelError) -> Int {
    tensors[tensor].description == description ? tensor : try intermediate(description)
  }

  mutating func reorder(_ source: Int, into destination: Int) throws(KernelError) {
    let description = try PrimitiveDescription(
      reorder: tensors[source].description, to: tensors[destination].description)
    try add(description, [(PrimitiveArgument.source, source), (PrimitiveArgument.destination, destination)])
  }

  mutating func add(
    _ description: borrowing PrimitiveDescription, _ arguments: [(number: Int32, tensor: Int)]
  ) throws(KernelError) {
    var arguments = arguments
    for argument in arguments { try widen(argument.tensor) }
    let scratchpad = description.scratchpad
    if scratchpad.byteCount > 0 {
      scratchpadByteCount = max(scratchpadByteCount, scratchpad.byteCount)
      let tensor = add(.init(description: scratchpad, place: .workspace(0)))
      scratchpads.append(tensor)
      arguments.append((PrimitiveArgument.scratchpad, tensor))
    }
    steps.append(.init(primitive: try Primitive(description), arguments: arguments))
  }

  /// Puts float32 elements in the place of a narrow constant.
  private mutating func widen(_ tensor: Int) throws(KernelError) {
    guard let type = narrow[tensor], case .constant(let pointer) = tensors[tensor].place else { return }
    // The descriptions of constants have no gaps, whatever the order of their axes.
    let byteCount = tensors[tensor].description.byteCount
    let memory = try AlignedMemory(byteCount: byteCount)
    type.widen(pointer, count: byteCount / MemoryLayout<Float>.size, into: memory.pointer)
    packed.append(memory)
    tensors[tensor].place = .constant(memory.pointer)
    tensors[tensor].input = nil
    narrow[tensor] = nil
  }

  /// Steps run one after the other, so one scratchpad behind the intermediates serves them all.
  func finish() -> Program {
    var tensors = tensors
    for index in scratchpads { tensors[index].place = .workspace(intermediateByteCount) }
    return Program(
      tensors: tensors, steps: steps, workspaceByteCount: intermediateByteCount + scratchpadByteCount,
      threads: threads, packed: packed)
  }

  private mutating func add(_ tensor: Program.Tensor) -> Int {
    tensors.append(tensor)
    return tensors.count - 1
  }
}
