import COneiroKernel
import Glibc
import OneiroGraph

/// A loaded kernel plugin: a shared library that offers kernels through the C ABI. Stays loaded for the life of the
/// process.
public final class KernelPlugin: @unchecked Sendable {
  // Sendable: filled while loading, by one thread, and only read afterwards.
  /// The name that `--backend` takes: "onednn" for libOneiroOneDNN.so.
  public let name: String
  public let path: String
  /// The library's file as it was when it was loaded.
  let library: PackedKey.Source?
  /// What the plugin says about itself, a line each.
  public private(set) var remarks: [String] = []
  public private(set) var kernels: [PluginKernel] = []

  /// Loads the library at `path` and takes its kernels.
  public static func load(_ path: String) throws(RunError) -> KernelPlugin {
    // Before a plugin that depends on it can load it with other settings.
    _ = OpenMP.shared
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw .plugin(
        file: path, reason: "cannot be loaded: \(dlerror().map { String(cString: $0) } ?? "unknown reason")")
    }
    guard let symbol = dlsym(handle, "oneiro_plugin_register") else {
      dlclose(handle)
      throw .plugin(file: path, reason: "is no kernel plugin: it has no symbol oneiro_plugin_register")
    }
    let register = unsafeBitCast(symbol, to: (@convention(c) (UnsafePointer<oneiro_host>?) -> Int32).self)
    let plugin = KernelPlugin(name: Self.name(of: path), path: path)
    var host = oneiro_host()
    host.struct_size = UInt32(MemoryLayout<oneiro_host>.size)
    host.abi_version = UInt32(ONEIRO_KERNEL_ABI)
    host.context = Unmanaged.passUnretained(plugin).toOpaque()
    host.add_kernel = { context, kernel in
      guard let context, let kernel else { return Int32(ONEIRO_FAILED) }
      return Unmanaged<KernelPlugin>.fromOpaque(context).takeUnretainedValue().add(kernel)
    }
    host.describe = { context, line in
      guard let context, let line else { return }
      Unmanaged<KernelPlugin>.fromOpaque(context).takeUnretainedValue().remarks.append(String(cString: line))
    }
    host.parallel = Threads.parallel
    host.recall = { context, key, value in
      guard let context, let key, let value else { return Int32(ONEIRO_FAILED) }
      let plugin = Unmanaged<KernelPlugin>.fromOpaque(context).takeUnretainedValue()
      guard let known = TuningCache.shared.recall(plugin.tuningKey(key)).flatMap(Int32.init) else {
        return Int32(ONEIRO_UNSUPPORTED)
      }
      value.pointee = known
      return Int32(ONEIRO_OK)
    }
    host.remember = { context, key, value in
      guard let context, let key else { return }
      let plugin = Unmanaged<KernelPlugin>.fromOpaque(context).takeUnretainedValue()
      TuningCache.shared.remember(plugin.tuningKey(key), "\(value)")
    }
    // A plugin may keep the host's table, so it lives on.
    let table = UnsafeMutablePointer<oneiro_host>.allocate(capacity: 1)
    table.initialize(to: host)
    let status = register(table)
    guard status == Int32(ONEIRO_OK) else {
      let reason =
        status == Int32(ONEIRO_ABI_MISMATCH)
        ? "kernel ABI: expected version \(ONEIRO_KERNEL_ABI), found another one; build the plugin against this oneiro_kernel.h"
        : "registration failed with status \(status)"
      throw .plugin(file: path, reason: reason)
    }
    return plugin
  }

  private func tuningKey(_ key: UnsafePointer<CChar>) -> String {
    "\(name) \(remarks.joined(separator: " ")): \(String(cString: key))"
  }

  /// The kernels for one operator, in the order they were added.
  func kernels(for op: OpIdentifier) -> [PluginKernel] { byOperator[op] ?? [] }
  private var byOperator: [OpIdentifier: [PluginKernel]] = [:]

  private init(name: String, path: String) {
    self.name = name
    self.path = path
    let resolved = resolvedPath(path)
    library = FileIdentity(path: resolved).map { PackedKey.Source(path: resolved, identity: $0) }
  }

  private func add(_ descriptor: UnsafePointer<oneiro_kernel>) -> Int32 {
    // A descriptor from an older header is shorter: what it lacks stays zero.
    guard descriptor.pointee.struct_size > 0 else { return Int32(ONEIRO_ABI_MISMATCH) }
    var copy = oneiro_kernel()
    memcpy(&copy, descriptor, min(Int(descriptor.pointee.struct_size), MemoryLayout<oneiro_kernel>.size))
    guard let opType = copy.op_type, copy.supports != nil, copy.compute != nil else { return Int32(ONEIRO_FAILED) }
    let domain = copy.domain.map { String(cString: $0) } ?? ""
    let op = OpIdentifier(String(cString: opType), domain: domain)
    let isa = copy.isa.map { String(cString: $0) } ?? ""
    let method = copy.method.map { String(cString: $0) }
    let kernel = PluginKernel(op: op, source: name, isa: isa, method: method, descriptor: copy, plugin: self)
    kernels.append(kernel)
    byOperator[op, default: []].append(kernel)
    return Int32(ONEIRO_OK)
  }

  /// "onednn" for ".../libOneiroOneDNN.so", "relu" for ".../librelu.so".
  static func name(of path: String) -> String {
    var name = String(path.split(separator: "/").last ?? "").lowercased()
    if let dot = name.firstIndex(of: ".") { name = String(name[..<dot]) }
    for prefix in ["lib", "oneiro"] where name.hasPrefix(prefix) && name.count > prefix.count {
      name.removeFirst(prefix.count)
    }
    return name
  }
}

/// One kernel of a plugin.
public struct PluginKernel: @unchecked Sendable {
  // Sendable: function pointers of a library that stays loaded.
  public let op: OpIdentifier
  public let source: String
  public let isa: String
  /// What tells it from other kernels of the same operator in the same plugin.
  public let method: String?
  let descriptor: oneiro_kernel
  /// Both live as long as the process.
  let plugin: KernelPlugin

  public var sinceVersion: Int { Int(descriptor.since_version) }
  /// `nil`: no later version of the operator was known.
  public var untilVersion: Int? { descriptor.until_version == 0 ? nil : Int(descriptor.until_version) }

  /// Takes narrow constants as they are kept, and has packed them when it is prepared.
  var readsNarrow: Bool { descriptor.flags & UInt32(ONEIRO_KERNEL_READS_NARROW) != 0 }

  /// Rounds more than the operator's definition does.
  public var isApproximate: Bool { descriptor.flags & UInt32(ONEIRO_KERNEL_APPROXIMATE) != 0 }

  /// The level, and what tells the kernel from others.
  var isaAndMethod: String { method.map { "\(isa), \($0)" } ?? isa }

  /// Knows constants of four bits.
  var readsFourBits: Bool { descriptor.flags & UInt32(ONEIRO_KERNEL_READS_FOUR_BITS) != 0 }

  /// Writes its result over an input of the same shape when told to.
  public var mayOverwriteInput: Bool { descriptor.flags & UInt32(ONEIRO_KERNEL_IN_PLACE) != 0 }

  enum Answer {
    case prepared(any PreparedKernel)
    /// The kernel's reason.
    case declined(String)
  }

  /// Why the kernel does not take the node; `nil` when it does.
  func refusal(of node: BoundNode) -> String? {
    let version = Int(node.pointer.pointee.since_version)
    guard version >= sinceVersion, untilVersion.map({ version <= $0 }) ?? true else {
      return
        "has \(op) of opset \(sinceVersion)\(untilVersion.map { " to \($0)" } ?? " up"), the node means opset \(version)"
    }
    var reason = Sentence()
    let answer = reason.write { descriptor.supports(node.pointer, $0) }
    return answer == Int32(ONEIRO_OK) ? nil : reason.text
  }

  /// How long a node that the kernel takes will run, in terms of a kernel that follows the operator's definition.
  func relativeTime(of node: BoundNode, threads: Int) -> Double {
    let time = descriptor.relative_time?(node.pointer, Int32(threads)) ?? 1
    return time.isNaN ? .infinity : time
  }

  /// What the kernel may pack a node's constants into: as much again, or, by Winograd's formula, 36 numbers for each
  /// filter of nine, of 16 bits at least.
  func mostPackedByteCount(of node: BoundNode) -> Int {
    guard isApproximate else { return node.constantByteCount }
    return node.constants.reduce(0) { sum, constant in
      guard let (type, storage) = constant?.stored else { return sum }
      return sum + (oneiro_element_size(type.rawValue) >= 4 ? 4 : 8) * storage.byteCount
    }
  }

  /// Makes a node ready that the kernel takes.
  /// - packed: where what is packed of constants is found and kept; `nil`: nowhere.
  func prepare(
    _ node: BoundNode, label: String, threads: Int, tuning: Tuning, packed: PackedAccess?
  ) throws(RunError) -> Answer {
    let packing = packed.map { PackingCall($0, self, node, threads: threads) }
    defer { withExtendedLifetime(packing) {} }
    var reason = Sentence()
    var call = oneiro_call()
    call.struct_size = UInt32(MemoryLayout<oneiro_call>.size)
    call.threads = Int32(threads)
    call.tuning =
      switch tuning {
      case .off: Int32(ONEIRO_TUNING_OFF)
      case .quick: Int32(ONEIRO_TUNING_QUICK)
      case .full: Int32(ONEIRO_TUNING_FULL)
      }
    call.node = node.pointer
    call.inputs = node.pointer.pointee.inputs
    call.outputs = node.pointer.pointee.outputs
    packing?.offer(to: &call)
    if let prepare = descriptor.prepare {
      // Another kernel may have packed them.
      node.bringBack()
      let status = reason.write { text in
        call.why = text
        return prepare(&call)
      }
      let damage = packing?.damage
      if status != Int32(ONEIRO_OK) || damage != nil, let state = call.state { descriptor.release?(state) }
      if let damage { throw .graph(damage) }
      if status == Int32(ONEIRO_UNSUPPORTED) { return .declined(reason.text) }
      guard status == Int32(ONEIRO_OK) else {
        throw .kernel(node: label, op: op, kernel: source, reason: "cannot be prepared: \(reason.text)")
      }
      node.setAside(call.packed_inputs)
      packing?.keep()
    }
    return .prepared(
      PreparedPluginKernel(
        self, node: node, label: label, state: call.state, workspaceByteCount: call.workspace_byte_count,
        packedInputs: call.packed_inputs, packed: packing?.memories ?? []))
  }
}

/// A plugin's kernel with what it made of one node.
final class PreparedPluginKernel: PreparedKernel, @unchecked Sendable {
  // Sendable: the ABI says that `compute` may run on several threads with one state.
  let kernel: PluginKernel
  let node: BoundNode
  private let label: String
  private var state: UnsafeMutableRawPointer?
  let workspaceByteCount: Int
  let packedInputs: UInt64
  /// What the host has given it for packed constants.
  private(set) var packed: [PackedMemory]
  /// Bytes of that which are pages of a file.
  var packedFileByteCount: Int { packed.reduce(0) { $0 + ($1.mappedPages?.count ?? 0) } }
  var source: String { kernel.source }
  var isa: String { kernel.isaAndMethod }
  var isApproximate: Bool { kernel.isApproximate }
  var needsNoNarrowConstants: Bool { kernel.readsNarrow }
  var mayOverwriteInput: Bool { kernel.mayOverwriteInput }

  init(
    _ kernel: PluginKernel, node: BoundNode, label: String, state: UnsafeMutableRawPointer?, workspaceByteCount: Int,
    packedInputs: UInt64, packed: [PackedMemory]
  ) {
    self.packed = packed
    self.kernel = kernel
    self.node = node
    self.label = label
    self.state = state
    self.workspaceByteCount = workspaceByteCount
    self.packedInputs = packedInputs
  }

  deinit { if let state { kernel.descriptor.release?(state) } }

  var hasState: Bool { state != nil }

  /// Lets go of what the kernel has made of the node, which is not used afterwards.
  /// - Returns: the bytes that it held.
  func releaseMeasuring() -> Int {
    HeapMemory.freed(hasLarge: node.constantByteCount >= LargePages.size / 2) {
      if let state { kernel.descriptor.release?(state) }
      state = nil
      packed = []
    }
  }

  func compute(_ call: borrowing StepCall) throws(RunError) {
    var frame = oneiro_call()
    frame.struct_size = UInt32(MemoryLayout<oneiro_call>.size)
    frame.threads = Int32(call.threads)
    frame.node = node.pointer
    frame.inputs = call.inputs.baseAddress
    frame.outputs = call.outputs.baseAddress
    frame.state = state
    frame.workspace = call.workspace
    frame.workspace_byte_count = workspaceByteCount
    var reason = Sentence()
    let status = reason.write { text in
      frame.why = text
      return kernel.descriptor.compute(&frame)
    }
    guard status == Int32(ONEIRO_OK) else {
      throw .kernel(node: label, op: kernel.op, kernel: source, reason: reason.text)
    }
  }
}

/// Room for a kernel's reason, on the stack.
struct Sentence {
  private static let capacity = 256
  private var characters = InlineArray<256, CChar>(repeating: 0)

  mutating func write(_ body: (UnsafeMutablePointer<oneiro_text>) -> Int32) -> Int32 {
    characters[0] = 0
    var span = characters.mutableSpan
    return span.withUnsafeMutableBufferPointer { buffer in
      var text = oneiro_text(
        struct_size: UInt32(MemoryLayout<oneiro_text>.size), capacity: Self.capacity, characters: buffer.baseAddress)
      return body(&text)
    }
  }

  var text: String {
    let bytes = (0..<Self.capacity).lazy.map { characters[$0] }.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return bytes.isEmpty ? "it gave no reason" : String(decoding: bytes, as: UTF8.self)
  }
}
