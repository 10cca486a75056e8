import OneiroGraph

// NumPy's scalars and arrays in a pickle: the bytes, and what the header of an npy file says of them.
extension PickleReader {
  /// The array that a state makes: (version, shape, dtype, is column-major, data).
  mutating func array(_ state: PickleValue) throws(GraphError) -> Tensor {
    let fields = try tuple(state, "state of a NumPy array")
    guard fields.count == 5, case .bool(let isColumnMajor) = fields[3] else {
      throw fault("the state of a NumPy array is not what NumPy writes")
    }
    return try numpyTensor(
      fields[2], dims: try dims(fields[1], "shape of a NumPy array"), isColumnMajor: isColumnMajor, fields[4])
  }

  mutating func numpyTensor(_ dtype: PickleValue, dims: [Int], isColumnMajor: Bool, _ data: PickleValue)
    throws(GraphError) -> Tensor
  {
    guard case .object(let index) = dtype, case .dtype(let type) = objects[index].kind else {
      throw fault("the dtype of a NumPy value is \(describe(dtype))")
    }
    let contents: [UInt8]
    switch data {
    case .bytes(let bytes): contents = bytes
    case .string(let text): contents = Array(text.utf8)  // Bytes of Python 2 that happen to be UTF-8.
    default: throw fault("the data of a NumPy value are \(describe(data))")
    }
    try charge(contents.count)
    let code = type.byteOrder + type.code
    guard code.utf8.count <= 16, code.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x27 && $0 != 0x5C }) else {
      throw fault("the dtype of a NumPy value is \"\(code.prefix(40))\"")
    }
    let shape = dims.map { "\($0)," }.joined()
    let header = "{'descr': '\(code)', 'fortran_order': \(isColumnMajor ? "True" : "False"), 'shape': (\(shape)), }"
    let length = header.utf8.count
    let file = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8)
    return try (file + contents).withUnsafeBytes { bytes in
      Result { () throws(GraphError) in try NpyFile.parse(bytes, name: "\(self.file): a NumPy value in the pickle") }
    }.get()
  }

  /// A number as such; a complex one stays a tensor.
  mutating func scalar(_ tensor: Tensor) -> PickleValue {
    switch tensor.elementType {
    case .bool: .bool(tensor.elements(of: Bool.self)[0])
    case .uint64:
      Int64(exactly: tensor.elements(of: UInt64.self)[0]).map(PickleValue.int)
        ?? .bigInt("\(tensor.elements(of: UInt64.self)[0])")
    case let type where type.isInteger: .int(tensor.int64s()[0])
    case let type where type.isFloatingPoint: .double(tensor.doubles()[0])
    default: add(PickleObject(kind: .array(tensor)))
    }
  }
}
