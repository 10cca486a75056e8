import CDNNL

/// The processor as oneDNN sees it. One for the process: oneDNN's cache of compiled primitives is keyed by it.
enum Engine {
  nonisolated(unsafe) private static let shared: dnnl_engine_t? = {
    var engine: dnnl_engine_t?
    return dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success ? engine : nil
  }()

  static func cpu() throws(KernelError) -> dnnl_engine_t {
    guard let shared else { throw .failed("no CPU engine") }
    return shared
  }

  /// The instruction set whose kernels oneDNN picked for this processor, as a word.
  static var instructionSet: String {
    switch dnnl_get_effective_cpu_isa() {
    case dnnl_cpu_isa_sse41: "sse4.1"
    case dnnl_cpu_isa_avx: "avx"
    case dnnl_cpu_isa_avx2: "avx2"
    case dnnl_cpu_isa_avx2_vnni: "avx2-vnni"
    case dnnl_cpu_isa_avx512_mic: "avx512-mic"
    case dnnl_cpu_isa_avx512_mic_4ops: "avx512-mic-4ops"
    case dnnl_cpu_isa_avx512_core: "avx512"
    case dnnl_cpu_isa_avx512_core_vnni: "avx512-vnni"
    case dnnl_cpu_isa_avx512_core_bf16: "avx512-bf16"
    case dnnl_cpu_isa_avx512_core_amx: "avx512-amx"
    default: "generic"
    }
  }

  /// Whether sums of products of bytes are exact: there is VNNI, without which the products of two bytes are added in
  /// 16 bits that saturate. Of tile registers nothing is known here: there Vector's kernels are the ones that were tried.
  static var multipliesBytesExactly: Bool {
    switch dnnl_get_effective_cpu_isa() {
    case dnnl_cpu_isa_avx2_vnni, dnnl_cpu_isa_avx512_core_vnni, dnnl_cpu_isa_avx512_core_bf16: true
    default: false
    }
  }

  static var version: String {
    guard let version = dnnl_version() else { return "unknown" }
    return "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.patch)"
  }
}
