import CDNNL
import COneiroKernel

/// The host's memory for what is packed of one node's constants while it is prepared, which the host may keep from run to
/// run.
final class HostMemory {
  private let call: UnsafePointer<oneiro_call>
  /// Off while several ways to compute are tried: what most of them pack is not needed afterwards.
  var isUsed = true
  /// Whether the host has given any.
  private(set) var isAsked = false
  /// Whether the host keeps anything.
  var isOffered: Bool {
    let end = MemoryLayout<oneiro_call>.offset(of: \.packed_context).map { $0 + MemoryLayout<UnsafeRawPointer>.size }
    return Int(call.pointee.struct_size) >= end ?? .max && call.pointee.packed_memory != nil
  }

  /// - call: of `prepare`, which the object does not outlive.
  init(_ call: UnsafePointer<oneiro_call>) { self.call = call }

  /// Memory for a constant in another layout, and whether it is there already; nil where the host has none.
  /// - offset: bytes from the start of the input to the constant.
  func memory(
    from: MemoryDescription, at offset: Int = 0, to: MemoryDescription
  ) -> (pointer: UnsafeMutableRawPointer, isFilled: Bool)? {
    guard isUsed, let from = from.layoutText, let layout = to.layoutText else { return nil }
    var isFilled: Int32 = 0
    let place = offset == 0 ? "" : "at \(offset) "
    guard let pointer = oneiro_packed_memory(call, "\(place)\(from) to \(layout)", to.byteCount, &isFilled) else {
      return nil
    }
    isAsked = true
    return (pointer, isFilled != 0)
  }
}

extension dnnl_memory_desc_t {
  /// Tells a layout from all others, also by the sums that oneDNN writes behind weights of bytes; nil for one that is
  /// more than that, and strides and blocks.
  fileprivate var layoutText: String? {
    let known =
      dnnl_memory_extra_flag_compensation_conv_s8s8.rawValue
      | dnnl_memory_extra_flag_compensation_conv_asymmetric_src.rawValue | dnnl_memory_extra_flag_scale_adjust.rawValue
    guard format_kind == dnnl_blocked, extra.flags & ~UInt64(known) == 0, offset0 == 0 else { return nil }
    func list(_ numbers: dnnl_dims_t, _ count: Int32) -> String {
      withUnsafeBytes(of: numbers) { bytes in
        bytes.bindMemory(to: Int64.self).prefix(Int(count)).map(String.init).joined(separator: ",")
      }
    }
    let blocking = format_desc.blocking
    let layout =
      "\(data_type.rawValue) \(list(dims, ndims)) \(list(padded_dims, ndims)) \(list(blocking.strides, ndims)) "
      + "\(list(blocking.inner_blks, blocking.inner_nblks)) \(list(blocking.inner_idxs, blocking.inner_nblks))"
    guard extra.flags != 0 else { return layout }
    return "\(layout), \(extra.flags) \(extra.compensation_mask) \(extra.asymm_compensation_mask) \(extra.scale_adjust)"
  }
}
