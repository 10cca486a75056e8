import COneiroKernel

@c @implementation
public func oneiro_plugin_register(_ host: UnsafePointer<oneiro_host>!) -> Int32 {
  guard host.pointee.abi_version == ONEIRO_KERNEL_ABI else { return Int32(ONEIRO_ABI_MISMATCH) }
  return Int32(ONEIRO_OK)
}
