import CDNNL

/// The oneDNN objects that one run of a program occupies: its stream, and a memory object for each tensor.
/// Making them costs more than a small product, so a program keeps a few and only points them at new data.
final class Slot {
  private let stream: dnnl_stream_t
  private var memories: [dnnl_memory_t?] = []
  private var pointers: [UnsafeMutableRawPointer?]
  /// Each step's primitive with the arguments it reads, ready for `dnnl_primitive_execute`.
  private var steps: [(primitive: Primitive, arguments: UnsafeMutableBufferPointer<dnnl_exec_arg_t>)] = []

  init(for program: Program) throws(KernelError) {
    let engine = try Engine.cpu()
    var created: dnnl_stream_t?
    try check(dnnl_stream_create(&created, engine, UInt32(dnnl_stream_default_flags.rawValue)), "creating a stream")
    guard let created else { throw .failed("creating a stream: none made") }
    stream = created
    pointers = Array(repeating: nil, count: program.tensors.count)
    for tensor in program.tensors {
      var memory: dnnl_memory_t?
      var description = tensor.description
      try check(dnnl_memory_create(&memory, &description, engine, nil), "creating a memory object")
      memories.append(memory)
    }
    for step in program.steps {
      let arguments = UnsafeMutableBufferPointer<dnnl_exec_arg_t>.allocate(capacity: step.arguments.count)
      for (index, argument) in step.arguments.enumerated() {
        arguments.initializeElement(
          at: index, to: dnnl_exec_arg_t(arg: argument.number, memory: memories[argument.tensor]))
      }
      steps.append((step.primitive, arguments))
    }
  }

  /// Buffers of an arena mostly stay where they were, so this is mostly a comparison.
  func point(_ tensor: Int, at data: UnsafeMutableRawPointer) throws(KernelError) {
    guard pointers[tensor] != data else { return }
    try check(dnnl_memory_set_data_handle(memories[tensor], data), "setting a data handle")
    pointers[tensor] = data
  }

  func execute() throws(KernelError) {
    for step in steps {
      try check(
        dnnl_primitive_execute(step.primitive.raw, stream, Int32(step.arguments.count), step.arguments.baseAddress),
        "executing a primitive")
    }
    try check(dnnl_stream_wait(stream), "waiting for a stream")
  }

  deinit {
    for step in steps { step.arguments.deallocate() }
    for memory in memories { dnnl_memory_destroy(memory) }
    dnnl_stream_destroy(stream)
  }
}

/// A few slots, each held by one thread at a time. One run at a time is the rule, so the others are made on first use;
/// more runs than slots at once get one for themselves.
final class SlotPool {
  private static let count = 8
  private let busy = UnsafeMutablePointer<Int32>.allocate(capacity: count)
  private let slots = UnsafeMutablePointer<Slot?>.allocate(capacity: count)

  init() {
    busy.initialize(repeating: 0, count: Self.count)
    slots.initialize(repeating: nil, count: Self.count)
  }

  /// A seat in the pool that is the caller's until it is released; nil when all are taken.
  func acquire() -> Int? { (0..<Self.count).first { oneiro_flag_try_set(busy + $0) != 0 } }

  func release(_ seat: Int?) {
    if let seat { oneiro_flag_clear(busy + seat) }
  }

  func slot(at seat: Int?, for program: Program) throws(KernelError) -> Slot {
    guard let seat else { return try Slot(for: program) }
    if let made = slots[seat] { return made }
    let made = try Slot(for: program)
    slots[seat] = made
    return made
  }

  deinit {
    slots.deinitialize(count: Self.count)
    slots.deallocate()
    busy.deallocate()
  }
}
