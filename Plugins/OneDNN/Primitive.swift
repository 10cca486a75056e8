import CDNNL

/// Options of a primitive. Scratch memory is always the caller's: a compute allocates nothing.
final class PrimitiveAttributes {
  let raw: dnnl_primitive_attr_t

  init() throws(KernelError) {
    var created: dnnl_primitive_attr_t?
    try check(dnnl_primitive_attr_create(&created), "creating attributes")
    guard let created else { throw .failed("creating attributes: none made") }
    raw = created
    try check(dnnl_primitive_attr_set_scratchpad_mode(raw, dnnl_scratchpad_mode_user), "asking for a scratchpad")
  }

  /// Options of a binary operation that multiplies its operands by factors first.
  convenience init(firstScale: Float, secondScale: Float = 1) throws(KernelError) {
    try self.init()
    for (argument, factor) in [(PrimitiveArgument.source, firstScale), (PrimitiveArgument.secondSource, secondScale)]
    where factor != 1 {
      try check(dnnl_primitive_attr_set_scales(raw, argument, 1, 0, [factor]), "scaling by \(factor)")
    }
  }

  deinit { dnnl_primitive_attr_destroy(raw) }
}

/// The numbers by which oneDNN tells a primitive's tensors apart.
enum PrimitiveArgument {
  static let source = Int32(DNNL_ARG_SRC)
  static let secondSource = Int32(DNNL_ARG_SRC_1)
  static let mean = Int32(DNNL_ARG_MEAN)
  static let variance = Int32(DNNL_ARG_VARIANCE)
  static let destination = Int32(DNNL_ARG_DST)
  static let weights = Int32(DNNL_ARG_WEIGHTS)
  static let bias = Int32(DNNL_ARG_BIAS)
  static let scale = Int32(DNNL_ARG_SCALE)
  static let shift = Int32(DNNL_ARG_SHIFT)
  static let scratchpad = Int32(DNNL_ARG_SCRATCHPAD)
}

/// A primitive as planned: which implementation, which layouts.
struct PrimitiveDescription: ~Copyable {
  let raw: dnnl_primitive_desc_t

  /// - operation: one of oneDNN's operation descriptors, such as `dnnl_convolution_desc_t`.
  init<Plan>(_ operation: Plan, _ attributes: PrimitiveAttributes) throws(KernelError) {
    let engine = try Engine.cpu()
    var created: dnnl_primitive_desc_t?
    let status = withUnsafePointer(to: operation) {
      dnnl_primitive_desc_create(&created, UnsafeRawPointer($0), attributes.raw, engine, nil)
    }
    try check(status, "planning \(Plan.self)")
    guard let created else { throw .failed("planning \(Plan.self): none made") }
    raw = created
  }

  init(reorder source: MemoryDescription, to destination: MemoryDescription) throws(KernelError) {
    let engine = try Engine.cpu()
    let attributes = try PrimitiveAttributes()
    var created: dnnl_primitive_desc_t?
    var source = source
    var destination = destination
    try check(
      dnnl_reorder_primitive_desc_create(&created, &source, engine, &destination, engine, attributes.raw),
      "planning a reorder")
    guard let created else { throw .failed("planning a reorder: none made") }
    raw = created
  }

  var source: MemoryDescription { memory(dnnl_query_src_md) }
  var weights: MemoryDescription { memory(dnnl_query_weights_md) }
  var destination: MemoryDescription { memory(dnnl_query_dst_md) }
  var scratchpad: MemoryDescription { memory(dnnl_query_scratchpad_md) }

  private func memory(_ query: dnnl_query_t) -> MemoryDescription {
    dnnl_primitive_desc_query_md(raw, query, 0)?.pointee ?? .absent
  }

  /// oneDNN's name of the implementation, such as "jit:avx2"; "ref" marks its slow, general fallbacks.
  var implementation: String {
    var name: UnsafePointer<CChar>?
    guard dnnl_primitive_desc_query(raw, dnnl_query_impl_info_str, 0, &name) == dnnl_success, let name else {
      return ""
    }
    return String(cString: name)
  }

  /// Refuses what oneDNN would compute by its plain loops.
  consuming func compiled() throws(KernelError) -> PrimitiveDescription {
    guard !implementation.hasPrefix("ref") else { throw .unsupported("oneDNN has no compiled kernel for it") }
    return self
  }

  deinit { dnnl_primitive_desc_destroy(raw) }
}

/// A primitive compiled for this processor; safe to execute from several threads at once.
final class Primitive: @unchecked Sendable {
  let raw: dnnl_primitive_t

  init(_ description: borrowing PrimitiveDescription) throws(KernelError) {
    var created: dnnl_primitive_t?
    try check(dnnl_primitive_create(&created, description.raw), "creating a primitive")
    guard let created else { throw .failed("creating a primitive: none made") }
    raw = created
  }

  deinit { dnnl_primitive_destroy(raw) }
}
