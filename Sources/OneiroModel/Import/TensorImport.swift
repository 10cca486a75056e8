import COnnx
import OneiroGraph

extension MessageReader {
  /// - what: what errors call the tensor: `initializer "W"`.
  /// - message: its raw data is taken out when it is long.
  func tensor(_ message: UnsafeMutablePointer<Onnx__TensorProto>, _ what: String) throws(GraphError) -> Tensor {
    let tensor = message.pointee
    let elementType = try elementType(tensor.data_type, what)
    let dims = try dims(numbers(tensor.n_dims, tensor.dims), what)
    guard let count = Tensor.elementCount(dims), let byteCount = elementType.byteCount(of: count) else {
      throw .mismatch(what, expected: "a shape whose elements can be counted", found: "\(dims)")
    }
    guard tensor.segment == nil else { throw .invalid(what, "is stored in segments, which is not supported") }

    if tensor.data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL {
      return try external(tensor, elementType, dims, byteCount, what)
    }
    if elementType == .string { return try strings(tensor, dims, count, what) }
    guard tensor.has_raw_data != 0 else { return try typed(tensor, elementType, dims, what) }
    let found = tensor.raw_data.len
    // A few writers leave an empty raw_data beside the typed field that holds the elements.
    if found == 0 && count > 0 { return try typed(tensor, elementType, dims, what) }
    guard found == byteCount else {
      throw .mismatch(
        "raw_data of \(what)", expected: "\(byteCount) bytes", found: "\(found)",
        because: "the shape is \(elementType.name)\(dims)")
    }
    return Tensor(elementType, dims: dims, storage: takeStorage(&message.pointee.raw_data)).withBoolsNormalised()
  }

  func sparseTensor(_ message: Onnx__SparseTensorProto, _ what: String) throws(GraphError) -> SparseTensor {
    guard let values = message.values, let indices = message.indices else {
      throw .mismatch(what, expected: "values and indices", found: message.values == nil ? "no values" : "no indices")
    }
    let dims = try dims(numbers(message.n_dims, message.dims), what)
    guard let total = Tensor.elementCount(dims) else {
      throw .mismatch(what, expected: "a shape whose elements can be counted", found: "\(dims)")
    }
    let sparse = SparseTensor(
      values: try tensor(values, "values of \(what)"), indices: try tensor(indices, "indices of \(what)"), dims: dims)
    guard sparse.values.rank == 1 else {
      throw .mismatch("values of \(what)", expected: "rank 1", found: "shape \(sparse.values.dims)")
    }
    let entryCount = sparse.values.count
    guard sparse.indices.elementType == .int64, [[entryCount], [entryCount, dims.count]].contains(sparse.indices.dims)
    else {
      throw .mismatch(
        "indices of \(what)", expected: "int64[\(entryCount)] or int64[\(entryCount),\(dims.count)]",
        found: "\(sparse.indices.elementType.name)\(sparse.indices.dims)")
    }
    let bounds = sparse.indices.rank == 1 ? [total] : dims
    for (position, index) in sparse.indices.int64s().enumerated() {
      let bound = bounds[position % max(bounds.count, 1)]
      guard index >= 0, index < bound else {
        throw .mismatch("indices of \(what)", expected: "0 ..< \(bound)", found: "\(index)")
      }
    }
    return sparse
  }

  private func dims(_ field: UnsafeBufferPointer<Int64>, _ what: String) throws(GraphError) -> [Int] {
    let dims = field.map(Int.init)
    guard dims.allSatisfy({ $0 >= 0 }) else {
      throw .mismatch("shape of \(what)", expected: "extents from 0 up", found: "\(dims)")
    }
    return dims
  }

  private func external(
    _ tensor: Onnx__TensorProto, _ elementType: ElementType, _ dims: [Int], _ byteCount: Int, _ what: String
  ) throws(GraphError) -> Tensor {
    guard elementType != .string else {
      throw .invalid(what, "keeps strings in external data, which the format does not allow")
    }
    guard let externalData else {
      throw .invalid(what, "keeps its elements in another file, and there is no folder to find that in")
    }
    let entries = try entries(tensor.n_external_data, tensor.external_data, "external data of \(what)")
    let place = try ExternalData.Place(entries, subject: what)
    let storage = try externalData.storage(
      at: place, byteCount: byteCount, alignment: max(elementType.bitWidth / 8, 1), subject: what)
    return Tensor(elementType, dims: dims, storage: storage).withBoolsNormalised()
  }

  private func strings(_ tensor: Onnx__TensorProto, _ dims: [Int], _ count: Int, _ what: String) throws(GraphError)
    -> Tensor
  {
    try check(tensor.n_string_data, count, "string_data of \(what)", dims)
    let strings = try numbers(tensor.n_string_data, tensor.string_data).map { (field) throws(GraphError) in
      guard let text = String(validating: bytes(of: field), as: UTF8.self) else {
        throw .mismatch("string_data of \(what)", expected: "UTF-8", found: "\(field.len) bytes that are not")
      }
      return text
    }
    return Tensor(strings: strings, dims: dims)
  }

  /// Elements in the repeated field that the element type uses.
  private func typed(
    _ tensor: Onnx__TensorProto, _ type: ElementType, _ dims: [Int], _ what: String
  ) throws(GraphError) -> Tensor {
    switch type {
    case .float32, .complex64:
      return try copy(numbers(tensor.n_float_data, tensor.float_data), "float_data", type, dims, what)
    case .float64, .complex128:
      return try copy(numbers(tensor.n_double_data, tensor.double_data), "double_data", type, dims, what)
    case .int64: return try copy(numbers(tensor.n_int64_data, tensor.int64_data), "int64_data", type, dims, what)
    case .uint64: return try copy(numbers(tensor.n_uint64_data, tensor.uint64_data), "uint64_data", type, dims, what)
    case .int32: return try copy(numbers(tensor.n_int32_data, tensor.int32_data), "int32_data", type, dims, what)
    case .uint32:
      let field = numbers(tensor.n_uint64_data, tensor.uint64_data)
      return try narrow(field, UInt32.self, "uint64_data", type, dims, what)
    case .int16, .uint16, .float16, .bfloat16:
      return try narrow(numbers(tensor.n_int32_data, tensor.int32_data), UInt16.self, "int32_data", type, dims, what)
    case .bool:
      let field = numbers(tensor.n_int32_data, tensor.int32_data)
      try check(field.count, Tensor.elementCount(dims)!, "int32_data of \(what)", dims)
      return Tensor(field.map { $0 != 0 }, dims: dims)
    default:
      return try narrow(numbers(tensor.n_int32_data, tensor.int32_data), UInt8.self, "int32_data", type, dims, what)
    }
  }

  /// A field whose numbers are the tensor's memory as they stand.
  private func copy<Number>(
    _ field: UnsafeBufferPointer<Number>, _ name: String, _ type: ElementType, _ dims: [Int], _ what: String
  ) throws(GraphError) -> Tensor {
    let byteCount = type.byteCount(of: Tensor.elementCount(dims)!)!
    try check(field.count, byteCount / MemoryLayout<Number>.stride, "\(name) of \(what)", dims)
    let storage = ByteStorage(byteCount: byteCount) { $0.copyMemory(from: UnsafeRawBufferPointer(field)) }
    return Tensor(type, dims: dims, storage: storage)
  }

  /// A field whose numbers are wider than the bits they hold: `Unit`s, signed or not.
  private func narrow<Number: FixedWidthInteger, Unit: FixedWidthInteger & UnsignedInteger>(
    _ field: UnsafeBufferPointer<Number>, _: Unit.Type, _ name: String, _ type: ElementType, _ dims: [Int],
    _ what: String
  ) throws(GraphError) -> Tensor {
    let byteCount = type.byteCount(of: Tensor.elementCount(dims)!)!
    try check(field.count, byteCount / MemoryLayout<Unit>.stride, "\(name) of \(what)", dims)
    let storage = try ByteStorage(byteCount: byteCount) { (memory) throws(GraphError) in
      let units = memory.bindMemory(to: Unit.self)
      let lowest = Number.isSigned ? -(1 << (Unit.bitWidth - 1)) : 0
      for (index, number) in field.enumerated() {
        guard number <= Unit.max, number >= lowest else {
          throw .mismatch("\(name) of \(what)", expected: "numbers of \(Unit.bitWidth) bits", found: "\(number)")
        }
        units[index] = Unit(truncatingIfNeeded: number)
      }
    }
    return Tensor(type, dims: dims, storage: storage)
  }

  private func check(_ found: Int, _ expected: Int, _ what: String, _ dims: [Int]) throws(GraphError) {
    guard found == expected else {
      throw .mismatch(what, expected: "\(expected) numbers", found: "\(found)", because: "the shape is \(dims)")
    }
  }
}

extension Tensor {
  /// A bool is one byte, 0 or 1: any other byte in a file means true.
  func withBoolsNormalised() -> Tensor {
    guard elementType == .bool, bytes.contains(where: { $0 > 1 }) else { return self }
    return Tensor(bytes.map { $0 != 0 }, dims: dims)
  }
}
