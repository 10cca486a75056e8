import CCpuid

/// What the choice of a core type depends on, as a plain value.
struct CPUDescription: Equatable {
  enum Vendor: String {
    case intel = "Intel"
    case amd = "AMD"
    case hygon = "Hygon"
    case other = "another maker's"
  }

  /// Instructions that the processor has and whose registers the operating system saves; either half alone is no use.
  struct Features: OptionSet {
    let rawValue: Int
    static let avx = Features(rawValue: 1 << 0)
    static let avx2 = Features(rawValue: 1 << 1)
    static let fma = Features(rawValue: 1 << 2)
    /// F, CD, BW, DQ and VL together: what OpenBLAS's SkylakeX kernels are compiled for.
    static let avx512 = Features(rawValue: 1 << 3)
  }

  var vendor: Vendor
  /// Family and model as the vendors print them: the extended fields are already added in.
  var family: Int
  var model: Int
  var features: Features

  /// For people: "AMD family 25 model 1, AVX2+FMA".
  var summary: String {
    let best =
      features.contains(.avx512)
      ? "AVX-512"
      : features.isSuperset(of: [.avx2, .fma]) ? "AVX2+FMA" : features.contains(.avx) ? "AVX" : "no AVX"
    return "\(vendor.rawValue) family \(family) model \(model), \(best)"
  }
}

#if arch(x86_64) || arch(i386)
  extension CPUDescription {
    /// Asks the processor this runs on. Bit positions: Intel SDM volume 2A, "CPUID".
    static func current() -> CPUDescription {
      let identity = cpuid_leaf(0, 0)
      let basic = cpuid_leaf(1, 0)
      let extended = cpuid_leaf(7, 0)

      // The twelve letters of the name, for example "GenuineIntel", stand in EBX, EDX, ECX; the first four tell enough.
      let vendor: Vendor =
        switch identity.ebx {
        case 0x756e_6547: .intel  // "Genu"
        case 0x6874_7541: .amd  // "Auth"
        case 0x6f67_7948: .hygon  // "Hygo"
        default: .other
        }

      let baseFamily = Int(basic.eax >> 8 & 0xf)
      let family = baseFamily == 0xf ? baseFamily + Int(basic.eax >> 20 & 0xff) : baseFamily
      let baseModel = Int(basic.eax >> 4 & 0xf)
      let model = baseFamily == 0x6 || baseFamily == 0xf ? Int(basic.eax >> 16 & 0xf) << 4 + baseModel : baseModel

      let osxsave = basic.ecx.hasBit(27)
      let saved = osxsave ? read_xcr0() : 0
      let savesYmm = saved & 0x6 == 0x6  // XMM and the upper halves of YMM
      let savesZmm = saved & 0xe6 == 0xe6  // and the mask registers, the upper halves of ZMM, ZMM 16 to 31

      var features: Features = []
      if savesYmm && basic.ecx.hasBit(28) { features.insert(.avx) }
      if savesYmm && extended.ebx.hasBit(5) { features.insert(.avx2) }
      if savesYmm && basic.ecx.hasBit(12) { features.insert(.fma) }
      let avx512Bits: [UInt32] = [16, 17, 28, 30, 31]  // F, DQ, CD, BW, VL
      if savesZmm && avx512Bits.allSatisfy({ extended.ebx.hasBit($0) }) { features.insert(.avx512) }
      return CPUDescription(vendor: vendor, family: family, model: model, features: features)
    }
  }

  extension UInt32 {
    fileprivate func hasBit(_ position: UInt32) -> Bool { self >> position & 1 == 1 }
  }
#endif
