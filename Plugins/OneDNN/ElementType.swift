import CDNNL
import COneiroKernel

/// An element type of tensors that kernels of this plugin read or write.
enum ElementType: CaseIterable {
  case float32, uint8, int8

  /// - code: as the kernel ABI numbers types.
  init?(code: Int32) {
    guard let found = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = found
  }

  /// In the kernel ABI.
  var code: Int32 {
    switch self {
    case .float32: Int32(ONEIRO_FLOAT32)
    case .uint8: Int32(ONEIRO_UINT8)
    case .int8: Int32(ONEIRO_INT8)
    }
  }

  /// In oneDNN.
  var dataType: dnnl_data_type_t {
    switch self {
    case .float32: dnnl_f32
    case .uint8: dnnl_u8
    case .int8: dnnl_s8
    }
  }
}
