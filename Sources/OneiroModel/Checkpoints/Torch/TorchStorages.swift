import OneiroGraph

/// Where the storages of a torch file lie.
struct TorchStorages: Sendable {
  let file: MappedFile
  /// What is there of each storage, by key: less than its elements take when the file is cut short.
  var ranges: [String: Range<Int>]
  /// Storages whose bytes are packed or encrypted.
  var packed: Set<String> = []

  /// What a view that repeats elements may take more than its storage: it is the one tensor whose size the file's does
  /// not bound.
  private static let longestRepetition = 1 << 28

  /// The tensor of a view. Everything is checked here, so that reading it only copies.
  /// - name: of the tensor, for errors.
  func tensor(_ view: TorchView, name: @autoclosure () -> String) throws(GraphError) -> CheckpointTensor {
    let path = file.path
    let type = view.elementType, storage = view.storage
    guard let count = Tensor.elementCount(view.dims), let byteCount = type.byteCount(of: count),
      let reach = view.reach, let reachBytes = type.byteCount(of: reach)
    else {
      throw .mismatch(
        file: path, "tensor \"\(name())\"", expected: "extents and strides whose products can be counted",
        found: "size \(view.dims) with stride \(view.strides)")
    }
    guard let storageBytes = storage.elementType.byteCount(of: storage.count) else {
      throw .mismatch(
        file: path, "tensor \"\(name())\"", expected: "a size that can be counted", found: "\(storage.count) elements")
    }
    let width = storage.elementType.bitWidth / 8
    let partBytes = storage.part.count * width
    guard reachBytes <= partBytes else {
      throw .mismatch(
        file: path, "tensor \"\(name())\"", expected: "storage \"\(storage.key)\" with at least \(reachBytes) bytes",
        found: "\(partBytes)",
        because: "size \(view.dims) with stride \(view.strides) from element \(view.offset) reaches so far")
    }
    guard byteCount <= max(partBytes, Self.longestRepetition) else {
      throw .mismatch(
        file: path, "tensor \"\(name())\"", expected: "at most \(max(partBytes, Self.longestRepetition)) bytes",
        found: "\(byteCount)", because: "it repeats a storage of \(partBytes)")
    }
    guard let range = ranges[storage.key] else {
      throw .mismatch(
        file: path, "tensor \"\(name())\"", expected: "storage \"\(storage.key)\" in the file", found: "none")
    }
    guard !packed.contains(storage.key) else {
      throw .invalid(
        file: path, "tensor \"\(name())\"", "storage \"\(storage.key)\" is compressed, which torch never does")
    }
    guard range.count >= storageBytes else {
      throw .mismatch(
        file: path, "tensor \"\(name())\"",
        expected: "\(storageBytes) bytes of storage \"\(storage.key)\" from byte \(range.lowerBound)",
        found: "\(range.count)", because: "it has \(storage.count) elements")
    }
    let start = range.lowerBound + storage.part.lowerBound * width
    let elementWidth = type.bitWidth / 8
    let file = file
    if view.isContiguous {
      let first = count == 0 ? start : start + view.offset * elementWidth
      return CheckpointTensor(type, dims: view.dims) {
        let storage = file.storage(first..<first + byteCount, alignment: elementWidth)
        return Tensor(type, dims: view.dims, storage: storage).withBoolsNormalised()
      }
    }
    return CheckpointTensor(type, dims: view.dims) {
      let storage = ByteStorage(byteCount: byteCount) { memory in
        withExtendedLifetime(file) {
          Self.gather(view, from: UnsafeRawBufferPointer(rebasing: file.bytes[start..<start + partBytes]), into: memory)
        }
      }
      return Tensor(type, dims: view.dims, storage: storage).withBoolsNormalised()
    }
  }

  /// Writes the elements of a view, which has some, in row-major order.
  private static func gather(
    _ view: TorchView, from source: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer
  ) {
    switch view.elementType.bitWidth {
    case 8: gather(view, UInt8.self, from: source, into: memory)
    case 16: gather(view, UInt16.self, from: source, into: memory)
    case 32: gather(view, UInt32.self, from: source, into: memory)
    case 64: gather(view, UInt64.self, from: source, into: memory)
    default: gather(view, UInt128.self, from: source, into: memory)
    }
  }

  private static func gather<Word: BitwiseCopyable>(
    _ view: TorchView, _: Word.Type, from source: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer
  ) {
    let width = MemoryLayout<Word>.size
    // A view that is not contiguous has an axis.
    let rowExtent = view.dims.last!, rowStride = view.strides.last! * width
    let outer = view.dims.dropLast()
    var index = [Int](repeating: 0, count: outer.count)
    var row = view.offset * width, target = 0
    while target < memory.count {
      for element in 0..<rowExtent {
        let word = source.loadUnaligned(fromByteOffset: row + element * rowStride, as: Word.self)
        memory.storeBytes(of: word, toByteOffset: target, as: Word.self)
        target += width
      }
      for axis in outer.indices.reversed() {
        index[axis] += 1
        row += view.strides[axis] * width
        if index[axis] < view.dims[axis] { break }
        row -= view.dims[axis] * view.strides[axis] * width
        index[axis] = 0
      }
    }
  }
}
