import COneiroKernel

/// The shape of an input or output that this plugin can read as it lies: float32, row-major, every extent in Int32.
struct Shape {
  let dims: [Int]

  var rank: Int { dims.count }
  var isEmpty: Bool { dims.contains(0) }
  /// The product of the extents, which was found to fit Int.
  var count: Int { dims.reduce(1, *) }
}

extension oneiro_node {
  func inputShape(_ index: Int, _ name: String) throws(Refusal) -> Shape {
    guard hasInput(index) else { throw Refusal("input \(name) is missing") }
    return try Self.shape(of: inputs[index], "input \(name)")
  }

  /// nil when the input was left out.
  func optionalInputShape(_ index: Int, _ name: String) throws(Refusal) -> Shape? {
    guard hasInput(index) else { return nil }
    return try Self.shape(of: inputs[index], "input \(name)")
  }

  /// Refuses a node whose one output does not have the shape that its inputs lead to.
  func checkOutput(_ expected: [Int]) throws(Refusal) {
    guard output_count == 1 else { throw Refusal("expected 1 output, found \(output_count)") }
    let found = try Self.shape(of: outputs[0], "the output")
    guard found.dims == expected else { throw Refusal("expected output shape \(expected), found \(found.dims)") }
  }

  func hasInput(_ index: Int) -> Bool {
    withUnsafePointer(to: self) { oneiro_has_input($0, index) != 0 }
  }

  func int(_ name: String, default fallback: Int) -> Int {
    withUnsafePointer(to: self) { Int(oneiro_int($0, name, Int64(fallback))) }
  }

  func float(_ name: String, default fallback: Float) -> Float {
    withUnsafePointer(to: self) { oneiro_float($0, name, fallback) }
  }

  func string(_ name: String, default fallback: String) -> String {
    withUnsafePointer(to: self) { node in
      fallback.withCString { String(cString: oneiro_string(node, name, $0)) }
    }
  }

  /// The elements of an INTS attribute, or nil where there is none.
  func ints(_ name: String) -> [Int]? {
    withUnsafePointer(to: self) { node in
      guard let found = oneiro_find_attribute(node, name), found.pointee.kind == Int32(ONEIRO_ATTRIBUTE_INTS) else {
        return nil
      }
      return (0..<found.pointee.count).map { Int(found.pointee.ints[$0]) }
    }
  }

  private static func shape(of tensor: oneiro_tensor, _ name: String) throws(Refusal) -> Shape {
    guard tensor.element_type == Int32(ONEIRO_FLOAT32) else {
      throw Refusal("\(name): element type \(tensor.element_type), only float32 (1) is supported")
    }
    guard tensor.layout == UInt32(ONEIRO_LAYOUT_PLAIN) else {
      throw Refusal("\(name): layout \(tensor.layout), only the plain one (0) is supported")
    }
    let dims = (0..<Int(tensor.rank)).map { Int(tensor.dims[$0]) }
    // OpenBLAS counts in Int32, and a tensor of zero elements may still have extents whose product overflows.
    var count = 1
    for extent in dims {
      guard extent <= Int(Int32.max) else { throw Refusal("\(name): extent \(extent) does not fit Int32") }
      let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
      guard !overflow else { throw Refusal("\(name): shape \(dims) has too many elements") }
      count = product
    }
    return Shape(dims: dims)
  }
}

extension oneiro_call {
  /// Only for a tensor with elements: one without may have no memory at all.
  func input(_ index: Int) -> UnsafePointer<Float> {
    UnsafePointer(inputs[index].data.assumingMemoryBound(to: Float.self))
  }

  func output(_ index: Int) -> UnsafeMutablePointer<Float> {
    outputs[index].data.assumingMemoryBound(to: Float.self)
  }
}
