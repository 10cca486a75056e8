import OneiroGraph

/// Elements that one or more tensors of a torch file look at, as its pickle names them.
struct TorchStorage: Sendable {
  let elementType: ElementType
  /// What the container calls it.
  let key: String
  /// Elements in the container.
  let count: Int
  /// Which of them this storage has; legacy files name a part so.
  let part: Range<Int>

  /// Of the names of classes ("torch.FloatStorage").
  static func type(ofClass name: PickleGlobal) -> ElementType? {
    guard ["torch", "torch.cuda", "torch.storage"].contains(name.module) else { return nil }
    return types.first { $0.storage == name.name }?.type
  }

  /// Of the names of element types ("torch.float16").
  static func type(ofDtype name: PickleGlobal) -> ElementType? {
    name.module == "torch" ? types.first { $0.dtype == name.name }?.type : nil
  }

  private static let types: [(storage: String, dtype: String, type: ElementType)] = [
    ("FloatStorage", "float32", .float32), ("HalfStorage", "float16", .float16),
    ("BFloat16Storage", "bfloat16", .bfloat16), ("DoubleStorage", "float64", .float64),
    ("LongStorage", "int64", .int64), ("IntStorage", "int32", .int32), ("ShortStorage", "int16", .int16),
    ("CharStorage", "int8", .int8), ("ByteStorage", "uint8", .uint8), ("BoolStorage", "bool", .bool),
    ("ComplexFloatStorage", "complex64", .complex64), ("ComplexDoubleStorage", "complex128", .complex128),
    // Plain bytes, for types without a class of their own.
    ("UntypedStorage", "uint8", .uint8), ("", "uint16", .uint16), ("", "uint32", .uint32), ("", "uint64", .uint64),
    ("", "float8_e4m3fn", .float8e4m3fn), ("", "float8_e5m2", .float8e5m2),
    ("", "float8_e4m3fnuz", .float8e4m3fnuz), ("", "float8_e5m2fnuz", .float8e5m2fnuz),
  ]
}

/// A tensor's look at a storage: element (i, j, …) is number `offset + i * strides[0] + j * strides[1] + …` of it.
struct TorchView: Sendable {
  let storage: TorchStorage
  let elementType: ElementType
  let offset: Int
  let dims: [Int]
  let strides: [Int]

  /// How many elements of the storage are needed, from its first; `nil` when that overflows.
  var reach: Int? {
    if dims.contains(0) { return 0 }
    var last = offset
    for (extent, stride) in zip(dims, strides) {
      let (step, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, overflowOfSum) = last.addingReportingOverflow(step)
      if overflow || overflowOfSum { return nil }
      last = sum
    }
    return last == Int.max ? nil : last + 1
  }

  /// Whether the elements lie one after the other in row-major order.
  var isContiguous: Bool {
    if dims.contains(0) { return true }
    var expected = 1
    for (extent, stride) in zip(dims, strides).reversed() where extent != 1 {
      if stride != expected { return false }
      let (product, overflow) = expected.multipliedReportingOverflow(by: extent)
      if overflow { return false }
      expected = product
    }
    return true
  }
}

extension PickleReader {
  /// The storage that a persistent id names: ('storage', class, key, device, element count[, part of it]). The part is
  /// None or (key of the part, offset, element count).
  func storage(_ id: PickleValue) throws(GraphError) -> TorchStorage {
    let fields = try tuple(id, "persistent id")
    guard fields.count == 5 || fields.count == 6, fields[0] == .string("storage"), case .global(let type) = fields[1],
      case .string(let key) = fields[2], case .int(let count) = fields[4], count >= 0
    else { throw fault("a persistent id is no storage of torch") }
    guard let elementType = TorchStorage.type(ofClass: type) else { throw fault("storages of \(type) cannot be read") }
    var part = 0..<Int(count)
    if fields.count == 6, fields[5] != .none {
      let view = try tuple(fields[5], "part of storage \"\(key)\"")
      guard view.count == 3, case .int(let offset) = view[1], case .int(let size) = view[2], offset >= 0,
        offset <= count, size >= 0, size <= count - offset
      else { throw fault("a part of storage \"\(key)\" is not within its \(count) elements") }
      part = Int(offset)..<Int(offset + size)
    }
    return TorchStorage(elementType: elementType, key: key, count: Int(count), part: part)
  }

  /// The arguments (storage, offset, size, stride, …) of a function that makes a tensor.
  func tensorView(_ arguments: [PickleValue], _ function: PickleGlobal, as type: ElementType? = nil)
    throws(GraphError) -> TorchView
  {
    guard arguments.count >= 4, case .object(let index) = arguments[0],
      case .storage(let storage) = objects[index].kind, case .int(let offset) = arguments[1], offset >= 0
    else { throw unfit(function, arguments) }
    let dims = try dims(arguments[2], "size of a tensor"), strides = try self.dims(arguments[3], "stride of a tensor")
    guard dims.count == strides.count else {
      throw fault("a tensor of \(dims.count) extents has \(strides.count) strides")
    }
    return TorchView(
      storage: storage, elementType: type ?? storage.elementType, offset: Int(offset), dims: dims,
      // Along an axis of one element nothing is stepped, so that any number may stand there.
      strides: zip(dims, strides).map { $0 == 1 ? 0 : $1 })
  }

  /// A tuple of numbers from 0 up, one for each axis.
  func dims(_ value: PickleValue, _ what: String) throws(GraphError) -> [Int] {
    let items = try tuple(value, what)
    // No tensor of torch has more axes.
    guard items.count <= 64 else { throw fault("\(what): expected at most 64 axes, found \(items.count)") }
    var dims: [Int] = []
    for item in items {
      guard case .int(let extent) = item, extent >= 0 else {
        throw fault("\(what): expected numbers from 0 up, found \(describe(item))")
      }
      dims.append(Int(extent))
    }
    return dims
  }
}
