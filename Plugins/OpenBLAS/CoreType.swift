/// The sets of kernels inside OpenBLAS that this plugin asks for, named as `OPENBLAS_CORETYPE` spells them.
///
/// A name that a release does not know is no error there but a silent step down: Debian's 0.3.21 answers "Cooperlake"
/// and "SapphireRapids" with Haswell. So AVX-512 always asks for SkylakeX, which every release since 0.3.0 has; the
/// later ones differ from it in bfloat16, which is not used here.
enum CoreType: String {
  case skylakeX = "SkylakeX"
  case zen = "Zen"
  case haswell = "Haswell"
  case sandybridge = "Sandybridge"

  /// The fastest set that `cpu` can run, or nil where OpenBLAS's own choice is as good as any.
  ///
  /// It goes by features before models: OpenBLAS goes by models, and a release older than the processor takes it for
  /// a Prescott of 2004.
  static func best(for cpu: CPUDescription) -> CoreType? {
    if cpu.features.contains(.avx512) { return .skylakeX }
    if cpu.features.isSuperset(of: [.avx2, .fma]) {
      // Zen is family 23 and up at AMD, 24 at Hygon; AMD's Excavator (21) has AVX2 as well, but another core.
      let isZen = (cpu.vendor == .amd && cpu.family >= 23) || cpu.vendor == .hygon
      return isZen ? .zen : .haswell
    }
    return cpu.features.contains(.avx) ? .sandybridge : nil
  }
}
