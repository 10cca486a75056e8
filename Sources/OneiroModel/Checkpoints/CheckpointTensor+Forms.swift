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
              for row in top..<min(top + side, rows) {
                target[column &* rows &+ row] = source[row &* columns &+ column]
              }
            }
          }
        }
      }
    }
    return Tensor(tensor.elementType, dims: [columns, rows], storage: storage)
  }
}

extension CheckpointTensor {
  /// The elements as another type of floating-point numbers.
  /// - name: what errors call the tensor: a number past the range of float16 is refused.
  func converted(to type: ElementType, name: String) -> CheckpointTensor {
    guard elementType != type else { return self }
    return CheckpointTensor(type, dims: dims) { () throws(GraphError) in
      let tensor = try read()
      let result = Self.convert(tensor, to: type)
      if type == .float16, let lost = Self.firstLost(result, of: tensor) {
        throw .mismatch(
          "tensor \"\(name)\": element \(lost)", expected: "a number within float16's range of 65504",
          found: "\(tensor.doubles()[lost])")
      }
      return result
    }
  }

  private static func convert(_ tensor: Tensor, to type: ElementType) -> Tensor {
    switch (tensor.elementType, type) {
    case (.float32, .float16):
      return tensor.withElements(of: Float.self) { source in
        Tensor(Float16.self, dims: tensor.dims) { HalfNarrowing.narrow(source, into: $0) }
      }
    case (.bfloat16, .float32), (.float16, .float32):
      return Tensor(.float32, dims: tensor.dims, storage: tensor.widening().storage!)
    case (.bfloat16, .float16): return convert(convert(tensor, to: .float32), to: .float16)
    case (.float32, .bfloat16): return map(tensor, Float.self) { BFloat16($0) }
    case (.float64, .float32): return map(tensor, Double.self) { Float($0) }
    default: return Tensor(type, doubles: tensor.doubles(), dims: tensor.dims)
    }
  }

  private static func map<From: TensorElement, To: TensorElement>(
    _ tensor: Tensor, _: From.Type, _ body: (From) -> To
  ) -> Tensor {
    tensor.withElements(of: From.self) { source in
      Tensor(To.self, dims: tensor.dims) { memory in
        for index in memory.indices { memory.initializeElement(at: index, to: body(source[index])) }
      }
    }
  }

  /// The first element that became infinite.
  private static func firstLost(_ halves: Tensor, of original: Tensor) -> Int? {
    let candidates = halves.withElements(of: Float16.self) { values in
      values.indices.filter { values[$0].bitPattern & 0x7FFF == 0x7C00 }
    }
    guard !candidates.isEmpty else { return nil }
    let numbers = original.doubles()
    return candidates.first { numbers[$0].isFinite }
  }
}
