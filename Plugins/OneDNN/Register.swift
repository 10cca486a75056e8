import COneiroKernel

@c @implementation
public func oneiro_plugin_register(_ host: UnsafePointer<oneiro_host>!) -> Int32 {
  guard host.pointee.abi_version == ONEIRO_KERNEL_ABI else { return Int32(ONEIRO_ABI_MISMATCH) }
  TuningMemory.use(host)
  for kernel in Kernel.all {
    let status = kernel.register(with: host)
    guard status == ONEIRO_OK else { return status }
  }
  let line = "oneDNN \(Engine.version), kernels for \(Engine.instructionSet), on the OpenMP threads of the host"
  host.pointee.describe(host.pointee.context, line)
  return Int32(ONEIRO_OK)
}
