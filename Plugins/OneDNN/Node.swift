import CDNNL
import COneiroKernel

/// A node whose tensors have been found fit for a kernel: of its element types, plain, with at least one element each.
struct Node {
  let raw: UnsafePointer<oneiro_node>
  /// Where constants are packed, while the node is prepared.
  let hostMemory: HostMemory?

  /// - types: element types that the kernel knows.
  init(
    _ raw: UnsafePointer<oneiro_node>, types: [ElementType] = [.float32], hostMemory: HostMemory? = nil
  ) throws(KernelError) {
    self.raw = raw
    self.hostMemory = hostMemory
    for index in 0..<raw.pointee.input_count where oneiro_has_input(raw, index) != 0 {
      try Self.checkTensor(raw.pointee.inputs[index], types, "input \(index)")
    }
    for index in 0..<raw.pointee.output_count where raw.pointee.outputs[index].element_type != ONEIRO_TYPE_ABSENT {
      try Self.checkTensor(raw.pointee.outputs[index], types, "output \(index)")
    }
  }

  var inputCount: Int { raw.pointee.input_count }

  /// Outputs that somebody asked for, absent ones at the end not counted.
  var outputCount: Int {
    (0..<raw.pointee.output_count).last { raw.pointee.outputs[$0].element_type != ONEIRO_TYPE_ABSENT }.map { $0 + 1 }
      ?? 0
  }

  func hasInput(_ index: Int) -> Bool { oneiro_has_input(raw, index) != 0 }

  /// The shape of an input that the operator demands.
  func inputDims(_ index: Int) throws(KernelError) -> [Int] {
    guard hasInput(index) else { throw .unsupported("input \(index) is absent") }
    return Self.dims(of: raw.pointee.inputs[index])
  }

  func outputDims(_ index: Int) throws(KernelError) -> [Int] {
    guard index < outputCount else { throw .unsupported("output \(index) is absent") }
    return Self.dims(of: raw.pointee.outputs[index])
  }

  /// Refuses a bias, if there is one, that is no list of a number for each channel.
  func checkBias(_ index: Int, channels: Int) throws(KernelError) {
    guard hasInput(index), try inputDims(index) != [channels] else { return }
    throw .unsupported("the bias has shape \(try inputDims(index)), expected [\(channels)]")
  }

  /// nil for an input that is absent.
  func inputType(_ index: Int) -> ElementType? {
    hasInput(index) ? ElementType(code: raw.pointee.inputs[index].element_type) : nil
  }

  /// nil for an output that is absent.
  func outputType(_ index: Int) -> ElementType? {
    index < outputCount ? ElementType(code: raw.pointee.outputs[index].element_type) : nil
  }

  /// The data of a constant input; nil for one that arrives with each run.
  func constant(_ index: Int) -> UnsafeMutableRawPointer? { hasInput(index) ? raw.pointee.inputs[index].data : nil }

  /// The type in which the data of a constant input lies, where it is narrower than float32.
  func narrowType(_ index: Int) -> NarrowType? { NarrowType(rawValue: oneiro_input_storage(raw, index)) }

  /// For each input whether it is absent, constant, or comes with each run: what a choice among ways to run depends on
  /// besides shapes.
  var inputForms: String {
    (0..<inputCount).map { !hasInput($0) ? "-" : constant($0) != nil ? "c" : "x" }.joined()
  }

  func int(_ name: String, default fallback: Int) -> Int { Int(oneiro_int(raw, name, Int64(fallback))) }

  /// The attribute `axis`, counted from the first axis.
  func axis(default fallback: Int, rank: Int) throws(KernelError) -> Int {
    let axis = int("axis", default: fallback)
    guard (-rank..<rank).contains(axis) else {
      throw .unsupported("axis \(axis), expected \(-rank) ... \(rank - 1)")
    }
    return axis < 0 ? axis + rank : axis
  }

  func float(_ name: String, default fallback: Float) -> Float { oneiro_float(raw, name, fallback) }

  func string(_ name: String, default fallback: String) -> String {
    guard let found = oneiro_string(raw, name, nil) else { return fallback }
    return String(cString: found)
  }

  func hasInts(_ name: String) -> Bool {
    guard let found = oneiro_find_attribute(raw, name) else { return false }
    return found.pointee.kind == ONEIRO_ATTRIBUTE_INTS
  }

  /// An INTS attribute; `count` times `fallback` where it is missing.
  func ints(_ name: String, count: Int, default fallback: Int) throws(KernelError) -> [Int] {
    guard let found = oneiro_find_attribute(raw, name), found.pointee.kind == ONEIRO_ATTRIBUTE_INTS,
      found.pointee.count > 0
    else { return Array(repeating: fallback, count: count) }
    guard found.pointee.count == count else {
      throw .unsupported("\(name) has \(found.pointee.count) values, expected \(count)")
    }
    let values = (0..<count).map { Int(found.pointee.ints[$0]) }
    guard values.allSatisfy({ Int32(exactly: $0) != nil }) else {
      throw .unsupported("\(name) \(values) exceeds 32 bits")
    }
    return values
  }

  private static func dims(of tensor: oneiro_tensor) -> [Int] { (0..<Int(tensor.rank)).map { Int(tensor.dims[$0]) } }

  private static func checkTensor(
    _ tensor: oneiro_tensor, _ types: [ElementType], _ place: String
  ) throws(KernelError) {
    guard types.contains(where: { $0.code == tensor.element_type }) else {
      let expected = types.map { "\($0)" }.joined(separator: " or ")
      throw .unsupported("\(place) has element type \(tensor.element_type), expected \(expected)")
    }
    guard tensor.layout == UInt32(ONEIRO_LAYOUT_PLAIN) else {
      throw .unsupported("\(place) has layout \(tensor.layout), expected plain")
    }
    guard tensor.rank <= DNNL_MAX_NDIMS else {
      throw .unsupported("\(place) has \(tensor.rank) axes, oneDNN takes \(DNNL_MAX_NDIMS)")
    }
    // As if they were float32, the widest of them.
    var byteCount = MemoryLayout<Float>.size
    for dim in dims(of: tensor) {
      guard dim > 0 else { throw .unsupported("\(place) has no elements") }
      // Many of oneDNN's kernels count along an axis with an int.
      guard dim <= Int(Int32.max) else {
        throw .unsupported("\(place) has an axis of \(dim), oneDNN counts in 32 bits")
      }
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: dim)
      guard !overflow else { throw .unsupported("\(place) is larger than the address space") }
      byteCount = product
    }
  }
}
