import OneiroGraph

/// The same tensor in another form, worked out when it is read.
extension CheckpointTensor {
  /// The elements in another shape with the same count.
  func reshaped(_ dims: [Int]) -> CheckpointTensor {
    precondition(Tensor.elementCount(dims) == Tensor.elementCount(self.dims))
    return CheckpointTensor(elementType, dims: dims) { () throws(GraphError) in try read().reshaped(dims) }
  }

  /// [a, b] as [b, a]: a linear layer keeps its weights [out, in], a matrix product takes them the other way round.
  func transposed() -> CheckpointTensor {
    precondition(dims.count == 2)
    return CheckpointTensor(elementType, dims: [dims[1], dims[0]]) { () throws(GraphError) in
      let tensor = try read()
      return switch elementType.bitWidth {
      case 64: Self.transpose(tensor, UInt64.self)
      case 32: Self.transpose(tensor, UInt32.self)
      default: Self.transpose(tensor, UInt16.self)
      }
    }
  }

  /// The given rows along `axis`, in that order.
  func rows(_ rows: [Int], axis: Int) -> CheckpointTensor {
    precondition(rows.allSatisfy((0..<dims[axis]).contains))
    var result = dims
    result[axis] = rows.count
    return CheckpointTensor(elementType, dims: result) { [result] () throws(GraphError) in
      let tensor = try read()
      let rowBytes = dims[(axis + 1)...].reduce(elementType.bitWidth / 8, *)
      let outer = dims[..<axis].reduce(1, *), extent = dims[axis]
      let storage = withExtendedLifetime(tensor) {
        ByteStorage(byteCount: outer * rows.count * rowBytes) { memory in
          guard rowBytes > 0, let source = tensor.bytes.baseAddress else { return }
          var to = memory.baseAddress!
          for block in 0..<outer {
            for row in rows {
              to.copyMemory(from: source + (block * extent + row) * rowBytes, byteCount: rowBytes)
              to += rowBytes
            }
          }
        }
      }
      return Tensor(elementType, dims: result, storage: storage)
    }
  }

  /// In squares that fit into the first cache, as a plain loop would touch a line anew for every element.
  private static func transpose<Word: FixedWidthInteger>(_ tensor: Tensor, _: Word.Type) -> Tensor {
    let rows = tensor.dims[0], columns = tensor.dims[1], side = 32
    let storage = withExtendedLifetime(tensor) {
      ByteStorage(byteCount: tensor.bytes.count) { memory in
        guard rows * columns > 0 else { return }
        let source = tensor.bytes.baseAddress!.assumingMemoryBound(to: Word.self)
        let target = memory.baseAddress!.bindMemory(to: Word.self, capacity: rows * columns)
        for top in stride(from: 0, to: rows, by: side) {
          for left in stride(from: 0, to: columns, by: side) {
            for column in left..<min(left + side, columns) {
              for row in top..<min(top + side, rows) { target[column &* rows &+ row] = source[row &* columns &+ column] }
            }
          }
        }
      }
    }
    return Tensor(tensor.elementType, dims: [columns, rows], storage: storage)
  }
}
