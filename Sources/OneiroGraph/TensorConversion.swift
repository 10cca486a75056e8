extension Tensor {

  /// Every element as a Double; integers past 2^53 are rounded. Empty for strings and complex numbers.
  public func doubles() -> [Double] {
    func convert<T: TensorElement>(_: T.Type, _ body: (T) -> Double) -> [Double] {
      withElements(of: T.self) { $0.map(body) }
    }
    switch elementType {
    case .float32: return convert(Float.self) { Double($0) }
    case .float64: return elements(of: Double.self)
    case .float16: return convert(Float16.self) { Double($0) }
    case .bfloat16: return convert(BFloat16.self) { Double(Float($0)) }
    case .uint64: return convert(UInt64.self) { Double($0) }
    case .string, .complex64, .complex128: return []
    default:
      if let format = MiniFloatFormat.of(elementType) { return codes().map(format.decode) }
      return int64s().map(Double.init)
    }
  }

  /// Every element as an Int64: floats truncated, uint64 by its bits, bool as 0 and 1. Empty for strings and complex
  /// numbers.
  public func int64s() -> [Int64] {
    func convert<T: TensorElement & FixedWidthInteger>(_: T.Type) -> [Int64] {
      withElements(of: T.self) { $0.map { Int64(truncatingIfNeeded: $0) } }
    }
    switch elementType {
    case .int8: return convert(Int8.self)
    case .int16: return convert(Int16.self)
    case .int32: return convert(Int32.self)
    case .int64: return elements(of: Int64.self)
    case .uint8: return convert(UInt8.self)
    case .uint16: return convert(UInt16.self)
    case .uint32: return convert(UInt32.self)
    case .uint64: return convert(UInt64.self)
    case .bool: return bytes.prefix(count).map { $0 == 0 ? 0 : 1 }
    case .uint4, .uint2: return codes().map(Int64.init)
    case .int4: return codes().map { Int64(Int8(bitPattern: $0 << 4) >> 4) }
    case .int2: return codes().map { Int64(Int8(bitPattern: $0 << 6) >> 6) }
    case .string, .complex64, .complex128: return []
    default: return doubles().map { Int64(clampingTruncated: $0) }
    }
  }

  /// The bit patterns of a type of 8 bits or fewer, one in a byte, unpacked.
  public func codes() -> [UInt8] {
    let width = elementType.bitWidth
    precondition(width > 0 && width <= 8)
    guard width < 8 else { return Array(bytes) }
    let perByte = 8 / width, mask = UInt8((1 << width) - 1), memory = bytes
    return (0..<count).map { memory[$0 / perByte] >> UInt8($0 % perByte * width) & mask }
  }

  /// Bit patterns, one in a byte, packed into a type of 8 bits or fewer.
  public init(_ elementType: ElementType, codes: [UInt8], dims: [Int]) {
    let width = elementType.bitWidth
    precondition(width > 0 && width <= 8 && Tensor.elementCount(dims) == codes.count)
    let perByte = 8 / width, mask = UInt8((1 << width) - 1)
    let storage = ByteStorage(byteCount: elementType.byteCount(of: codes.count)!) { memory in
      memory.initializeMemory(as: UInt8.self, repeating: 0)
      for (index, code) in codes.enumerated() {
        memory[index / perByte] |= (code & mask) << UInt8(index % perByte * width)
      }
    }
    self.init(elementType, dims: dims, storage: storage)
  }

  /// Rounds once to `elementType`. Integers are truncated towards zero and wrap, as a C cast on most machines does;
  /// bool is "not zero"; narrow floats saturate.
  public init(_ elementType: ElementType, doubles: [Double], dims: [Int]) {
    func make<T: TensorElement>(_: T.Type, _ convert: (Double) -> T) -> Tensor {
      Tensor(T.self, dims: dims) { memory in
        for index in memory.indices { memory.initializeElement(at: index, to: convert(doubles[index])) }
      }
    }
    precondition(Tensor.elementCount(dims) == doubles.count)
    switch elementType {
    case .float32: self = make(Float.self) { Float($0) }
    case .float64: self.init(doubles, dims: dims)
    case .float16: self = make(Float16.self) { Float16($0) }
    case .bfloat16: self = make(BFloat16.self) { BFloat16($0) }
    case .bool: self = make(Bool.self) { $0 != 0 }
    case .uint64:
      self = make(UInt64.self) {
        $0 >= 0x1p63 ? UInt64(min($0, 0x1.fffffffffffffp63)) : UInt64(bitPattern: Int64(clampingTruncated: $0))
      }
    case .string, .complex64, .complex128: preconditionFailure("no numbers in \(elementType)")
    default:
      if let format = MiniFloatFormat.of(elementType) {
        self.init(elementType, codes: doubles.map { format.encode($0, saturate: true) }, dims: dims)
      } else {
        self.init(elementType, int64s: doubles.map { Int64(clampingTruncated: $0) }, dims: dims)
      }
    }
  }

  /// Integers cut to the width of `elementType`, which is an integer type, bool, or a float (rounded).
  public init(_ elementType: ElementType, int64s: [Int64], dims: [Int]) {
    func make<T: TensorElement & FixedWidthInteger>(_: T.Type) -> Tensor {
      Tensor(T.self, dims: dims) { memory in
        for index in memory.indices { memory.initializeElement(at: index, to: T(truncatingIfNeeded: int64s[index])) }
      }
    }
    precondition(Tensor.elementCount(dims) == int64s.count)
    switch elementType {
    case .int8: self = make(Int8.self)
    case .int16: self = make(Int16.self)
    case .int32: self = make(Int32.self)
    case .int64: self.init(int64s, dims: dims)
    case .uint8: self = make(UInt8.self)
    case .uint16: self = make(UInt16.self)
    case .uint32: self = make(UInt32.self)
    case .uint64: self = make(UInt64.self)
    case .bool: self.init(int64s.map { $0 != 0 }, dims: dims)
    case .uint4, .int4, .uint2, .int2:
      self.init(elementType, codes: int64s.map { UInt8(truncatingIfNeeded: $0) }, dims: dims)
    default: self.init(elementType, doubles: int64s.map(Double.init), dims: dims)
    }
  }
}

extension Int64 {
  /// Towards zero; NaN is 0 and what lies past the range is the end of the range.
  public init(clampingTruncated value: Double) {
    if value.isNaN {
      self = 0
    } else if value >= 0x1p63 {
      self = .max
    } else if value <= -0x1p63 {
      self = .min
    } else {
      self = Int64(value)
    }
  }
}
