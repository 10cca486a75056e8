import COneiroKernel

/// The one symbol of a kernel plugin. The host calls it once, after loading the library, with the functions it offers.
///
/// `@c @implementation` makes the compiler check the signature against the declaration in `oneiro_kernel.h`.
@c @implementation
public func oneiro_plugin_register(_ host: UnsafePointer<oneiro_host>!) -> Int32 {
  // Before any other field is touched: with another ABI version they may not be where this build expects them.
  guard host.pointee.abi_version == ONEIRO_KERNEL_ABI else { return Int32(ONEIRO_ABI_MISMATCH) }

  // One line for people, printed by `oneiro kernels`.
  host.pointee.describe(host.pointee.context, "the kernel plugin of Docs/KernelPlugins.md")

  // A descriptor says what the kernel computes and with which functions. The host copies it and the strings it names.
  let opType: StaticString = "Relu"
  let domain: StaticString = ""  // ai.onnx
  let isa: StaticString = "baseline"  // built for any processor of its architecture, nothing picked at run time
  var kernel = oneiro_kernel()
  kernel.struct_size = UInt32(MemoryLayout<oneiro_kernel>.size)  // so that the header can grow
  kernel.op_type = opType.cString
  kernel.domain = domain.cString
  kernel.isa = isa.cString
  kernel.since_version = 14  // the first opset whose Relu this is; until_version stays 0, "no later one is known"
  kernel.supports = { node, why in Relu.supports(node!.pointee, why) }
  kernel.compute = { call in Relu.compute(call!.pointee) }
  // No prepare and no release: a Relu has nothing to pack, to choose or to free.
  return host.pointee.add_kernel(host.pointee.context, &kernel)
}

extension StaticString {
  /// The literal's bytes, which end in a zero and live as long as the plugin is loaded.
  fileprivate var cString: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}
