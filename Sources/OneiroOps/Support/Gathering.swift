import OneiroGraph

extension Tensor {
  /// A tensor of shape `dims` whose element i is this tensor's element `indices[i]`, whatever the element type.
  /// A negative index takes `fill`, a tensor of one element of the same type (zero when there is none).
  public func gathering(_ indices: [Int], dims: [Int], fill: Tensor? = nil) -> Tensor {
    if case .strings(let strings) = contents {
      return Tensor(strings: indices.map { $0 < 0 ? fill?.strings.first ?? "" : strings[$0] }, dims: dims)
    }
    guard elementType.bitWidth >= 8 else {
      let codes = codes(), fillCode = fill?.codes().first ?? 0
      return Tensor(elementType, codes: indices.map { $0 < 0 ? fillCode : codes[$0] }, dims: dims)
    }
    func gather<Unit>(_: Unit.Type, zero: Unit) -> Tensor {
      let storage = ByteStorage(byteCount: indices.count * MemoryLayout<Unit>.stride) { memory in
        let source = bytes.baseAddress!.assumingMemoryBound(to: Unit.self)
        let fillUnit = fill.map { $0.bytes.loadUnaligned(as: Unit.self) } ?? zero
        let target = memory.baseAddress!.bindMemory(to: Unit.self, capacity: indices.count)
        for (position, index) in indices.enumerated() {
          (target + position).initialize(to: index < 0 ? fillUnit : source[index])
        }
      }
      return Tensor(elementType, dims: dims, storage: storage)
    }
    switch elementType.bitWidth {
    case 8: return gather(UInt8.self, zero: 0)
    case 16: return gather(UInt16.self, zero: 0)
    case 32: return gather(UInt32.self, zero: 0)
    case 64: return gather(UInt64.self, zero: 0)
    default: return gather(SIMD2<UInt64>.self, zero: .zero)
    }
  }

  /// Repeated along axes of extent 1 to fill `target`.
  public func broadcast(to target: [Int]) -> Tensor {
    dims == target ? self : gathering(Shape.broadcastIndices(dims, to: target), dims: target)
  }
}
