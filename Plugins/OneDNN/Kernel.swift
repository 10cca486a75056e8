import COneiroKernel

/// A node whose attributes and shapes have been read and found feasible.
protocol Operation {
  /// - limit: the most threads the program may use.
  /// - tuning: whether ways to compute may be timed.
  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program
}

/// One line of the plugin's table.
struct Kernel: Sendable {
  let opType: String
  let domain: String
  let sinceVersion: Int32
  /// Constants may come in a narrower type than float32: every read of them goes through a `ProgramBuilder`.
  let readsNarrow: Bool
  /// The output may lie where an input of its shape does: the primitive works in place, on the input as it lies there.
  let worksInPlace: Bool
  let elementTypes: [ElementType]
  /// How long a node takes, in terms of a kernel of floats that follows the definition.
  let relativeTime: @Sendable (Node) throws(KernelError) -> Double
  /// Throws `.unsupported` for a node that this plugin leaves to others.
  let read: @Sendable (Node) throws(KernelError) -> any Operation

  init(
    _ opType: String, domain: String = "", since: Int32, readsNarrow: Bool = false, worksInPlace: Bool = false,
    elementTypes: [ElementType] = [.float32],
    relativeTime: @escaping @Sendable (Node) throws(KernelError) -> Double = { _ in 1 },
    _ read: @escaping @Sendable (Node) throws(KernelError) -> any Operation
  ) {
    self.opType = opType
    self.domain = domain
    self.sinceVersion = since
    self.readsNarrow = readsNarrow
    self.worksInPlace = worksInPlace
    self.elementTypes = elementTypes
    self.relativeTime = relativeTime
    self.read = read
  }

  /// The kernel for a node, and the node as the kernel sees it.
  static func reading(
    _ raw: UnsafePointer<oneiro_node>, hostMemory: HostMemory? = nil
  ) throws(KernelError) -> (kernel: Kernel, node: Node) {
    let opType = String(cString: raw.pointee.op_type)
    let domain = String(cString: raw.pointee.domain)
    guard let kernel = all.first(where: { $0.opType == opType && $0.domain == domain }) else {
      throw .unsupported("no kernel for \(opType)")
    }
    return (kernel, try Node(raw, types: kernel.elementTypes, hostMemory: hostMemory))
  }

  /// Gives the host this kernel's entry points. They are the same for all: C functions carry no context, so they find
  /// the kernel again by the node's operator.
  func register(with host: UnsafePointer<oneiro_host>) -> Int32 {
    opType.withCString { opType in
      domain.withCString { domain in
        Engine.instructionSet.withCString { instructionSet in
          var kernel = oneiro_kernel()
          kernel.struct_size = UInt32(MemoryLayout<oneiro_kernel>.size)
          kernel.since_version = sinceVersion
          kernel.op_type = opType
          kernel.domain = domain
          kernel.isa = instructionSet
          kernel.supports = { node, why in
            guard let node else { return Int32(ONEIRO_FAILED) }
            do throws(KernelError) { _ = try operation(of: node) } catch {
              // Whatever stands in the way now, another kernel may take the node.
              return oneiro_say(why, Int32(ONEIRO_UNSUPPORTED), error.sentence)
            }
            return Int32(ONEIRO_OK)
          }
          kernel.prepare = { call in
            guard let call, let node = call.pointee.node else { return Int32(ONEIRO_FAILED) }
            return answer(call.pointee.why) { () throws(KernelError) in
              let program = try ready(call, node)
              call.pointee.state = Unmanaged.passRetained(program).toOpaque()
              call.pointee.workspace_byte_count = program.workspaceByteCount
              for index in 0..<min(node.pointee.input_count, 64) {
                if node.pointee.inputs[index].data != nil, !program.reads(input: index) {
                  oneiro_set_packed(call, index)
                }
              }
            }
          }
          kernel.compute = { call in
            guard let call, let state = call.pointee.state else { return Int32(ONEIRO_FAILED) }
            return answer(call.pointee.why) { () throws(KernelError) in
              let program = Unmanaged<Program>.fromOpaque(state).takeUnretainedValue()
              guard call.pointee.threads >= program.threads else {
                throw .failed("prepared for \(program.threads) threads, computed with \(call.pointee.threads)")
              }
              try program.run(
                inputs: call.pointee.inputs, outputs: call.pointee.outputs, workspace: call.pointee.workspace)
            }
          }
          kernel.release = { state in
            if let state { Unmanaged<Program>.fromOpaque(state).release() }
          }
          kernel.relative_time = { raw, _ in
            guard let raw, let (kernel, node) = try? Kernel.reading(raw) else { return 1 }
            return (try? kernel.relativeTime(node)) ?? 1
          }
          if readsNarrow { kernel.flags |= UInt32(ONEIRO_KERNEL_READS_NARROW) }
          if worksInPlace { kernel.flags |= UInt32(ONEIRO_KERNEL_IN_PLACE) }
          return host.pointee.add_kernel(host.pointee.context, &kernel)
        }
      }
    }
  }
}

private func operation(
  of raw: UnsafePointer<oneiro_node>, hostMemory: HostMemory? = nil
) throws(KernelError) -> any Operation {
  let (kernel, node) = try Kernel.reading(raw, hostMemory: hostMemory)
  return try kernel.read(node)
}

/// A node's program. What oneDNN cannot plan or compile after all, another kernel may: nothing is lost yet.
private func ready(
  _ call: UnsafeMutablePointer<oneiro_call>, _ node: UnsafePointer<oneiro_node>
) throws(KernelError) -> Program {
  do throws(KernelError) {
    let program = try operation(of: node, hostMemory: HostMemory(call)).program(
      threads: max(call.pointee.threads, 1), tuning: Tuning(call))
    try program.warmUp()
    return program
  } catch {
    throw error.status == ONEIRO_FAILED ? .unsupported(error.sentence) : error
  }
}

/// Turns a thrown error into a status and a sentence.
private func answer(_ why: UnsafeMutablePointer<oneiro_text>?, _ body: () throws(KernelError) -> Void) -> Int32 {
  do {
    try body()
    return Int32(ONEIRO_OK)
  } catch {
    return oneiro_say(why, error.status, error.sentence)
  }
}
