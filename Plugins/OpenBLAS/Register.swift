import COneiroKernel

/// Loads OpenBLAS and offers MatMul, Gemm and Conv with it. Without OpenBLAS the plugin loads all the same, offers
/// nothing, and says why: other kernel plugins then take the nodes.
@c @implementation
public func oneiro_plugin_register(_ host: UnsafePointer<oneiro_host>!) -> Int32 {
  guard host.pointee.abi_version == ONEIRO_KERNEL_ABI else { return Int32(ONEIRO_ABI_MISMATCH) }
  do throws(OpenBLASUnavailable) {
    let library = try OpenBLASLibrary.load()
    host.pointee.describe(host.pointee.context, library.summary)
    Backend.registered = Backend(blas: library.blas, parallel: host.pointee.parallel)
    return library.coreName.withCString { isa in addKernels(to: host.pointee, isa: isa) }
  } catch {
    host.pointee.describe(host.pointee.context, "OpenBLAS is not to be had: \(error.reason)")
    return Int32(ONEIRO_OK)
  }
}

/// Adds one descriptor an operator and stops at the first that the host does not take.
///
/// A C function pointer carries no type parameter, so each descriptor names its plan's functions itself.
private func addKernels(to host: oneiro_host, isa: UnsafePointer<CChar>) -> Int32 {
  var matMul = oneiro_kernel(opType: "MatMul", since: 13, isa: isa)
  matMul.supports = { node, why in MatMulPlan.supports(node, why) }
  matMul.prepare = { call in MatMulPlan.prepare(call, Backend.registered) }
  matMul.compute = { call in MatMulPlan.compute(call) }

  var gemm = oneiro_kernel(opType: "Gemm", since: 13, isa: isa)
  gemm.supports = { node, why in GemmPlan.supports(node, why) }
  gemm.prepare = { call in GemmPlan.prepare(call, Backend.registered) }
  gemm.compute = { call in GemmPlan.compute(call) }

  var convolution = oneiro_kernel(opType: "Conv", since: 22, isa: isa)
  convolution.supports = { node, why in ConvolutionPlan.supports(node, why) }
  convolution.prepare = { call in ConvolutionPlan.prepare(call, Backend.registered) }
  convolution.compute = { call in ConvolutionPlan.compute(call) }

  for kernel in [matMul, gemm, convolution] {
    let status = withUnsafePointer(to: kernel) { host.add_kernel(host.context, $0) }
    guard status == Int32(ONEIRO_OK) else { return status }
  }
  return Int32(ONEIRO_OK)
}

extension oneiro_kernel {
  /// A descriptor of an ai.onnx operator, still without its functions. Literals live as long as the plugin does.
  fileprivate init(opType: StaticString, since version: Int32, isa: UnsafePointer<CChar>) {
    let domain: StaticString = ""
    self.init()
    struct_size = UInt32(MemoryLayout<oneiro_kernel>.size)
    since_version = version
    op_type = opType.cString
    self.domain = domain.cString
    self.isa = isa
    release = { state in releasePreparedNode(state) }
  }
}

extension StaticString {
  fileprivate var cString: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}
