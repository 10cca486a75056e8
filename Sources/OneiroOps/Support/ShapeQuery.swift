import OneiroGraph

/// Shape and Size, which need no data: what they give is known as soon as their input's extents are.
public enum ShapeQuery {
  /// The node's result for an input of extents `dims`; `nil` for any other operator.
  public static func result(_ node: Node, _ schema: OpSchema, dims: [Int]) -> Tensor? {
    guard node.domain.isEmpty else { return nil }
    switch node.opType {
    case "Shape":
      let attributes = NodeAttributes(node, schema: schema)
      let bound = { (index: Int) in min(max(index < 0 ? index + dims.count : index, 0), dims.count) }
      let start = bound(attributes.int("start")), end = bound(attributes.optionalInt("end") ?? dims.count)
      let extents = start < end ? Array(dims[start..<end]) : []
      return Tensor(extents.map(Int64.init), dims: [extents.count])
    case "Size": return Tensor.elementCount(dims).map { Tensor(scalar: Int64($0)) }
    default: return nil
    }
  }
}
